"""The way in: an event is kept before it is acknowledged, taken in its chat's turn, let in or not, and handed to an agent.

The steps of an event are `waiting`, `ordered` (a run was ordered, an answer is on its way) and `done`. Each is kept when it is
reached, and each can be done twice without harm: the run is ordered under the event's name, its answer goes out under it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import orjson
import structlog

from crawdad.core.agents import RunOrder
from crawdad.core.channels import Button, InboundMessage, MentionWay, Role, SendFailed
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Principal
from crawdad.core.parts import JsonObject
from crawdad.core.settings import Settings
from crawdad.core.text import Language, Text
from crawdad.core.tools import Sender
from crawdad.services.agents.roster import Agent
from crawdad.services.channels.access import Address, Standing, decide, group_settings, tools_allowed
from crawdad.services.channels.addressing import place_of, route_of, session_of
from crawdad.services.channels.answering import Answering, notice
from crawdad.services.channels.command_answers import CommandAnswers, Given, Outcome
from crawdad.services.channels.commands import Command, command_in, may_give
from crawdad.services.channels.media_in import received
from crawdad.services.channels.mentions import mention_of, patterns_of
from crawdad.services.channels.requests import Requests
from crawdad.services.channels.sending import Sending
from crawdad.services.channels.wording import about_chat, label_of, shown_message
from crawdad.services.channels.world import EVENT, OpenAccount, language_of
from crawdad.services.schedule.owners import OPERATOR
from crawdad.store.channel_chats import SaidMessage
from crawdad.store.channel_rows import Arrival, StoredEvent, dump, lane_of

CHANNELS = Principal("channels", "system", "channels")
"""Who orders the runs of people who are not the operator: no more than a plain key may do."""
MOST_ATTEMPTS = 5
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 300.0
_ANEW = "anew"
_MOST_EVENT_BYTES = 1024 * 1024
_LONGEST_KEPT = 4000

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Taken:
    """What is known of a message that is being taken."""

    event: StoredEvent
    message: InboundMessage
    settings: Settings
    agent: Agent
    session_key: str
    standing: Standing
    quoted: SaidMessage | None
    language: Language


class Intake:
    """The way in of one account."""

    def __init__(self, account: OpenAccount, sending: Sending, answering: Answering) -> None:
        self._desk = account
        self._world = account.world
        self._inbox = account.world.inbox
        self._sending = sending
        self._answering = answering
        self._requests = Requests(account)
        self._commands = CommandAnswers(account)
        self._working: set[str] = set()
        self._wanted: set[str] = set()
        self._followed: set[str] = set()
        self._owners: dict[str, StoredEvent] = {}
        """What the operator has asked in a direct chat, by the session that answers it."""

    async def admit(self, *events: JsonObject) -> None:
        """See `core.channels.ChannelContext`."""
        arrivals = [arrival for event in events if (arrival := self._arrival(event)) is not None]
        if not arrivals:
            return
        made = set(await self._inbox.append(self._desk.account, arrivals, self._desk.now))
        self._desk.status.inbound_at = self._desk.now
        for arrival in arrivals:
            if arrival.id in made and arrival.message is not None:
                self.poke(arrival.lane)

    def _arrival(self, event: JsonObject) -> Arrival | None:
        made = self._world.randomness.new_id()
        try:
            message = self._desk.channel.read(event)
            if message is None:
                return None
            if len(dump(message)) > _MOST_EVENT_BYTES:
                raise ValueError("it is too large")
            if not message.event_id:
                raise ValueError("it has no id")
        except Exception as error:  # a channel is other people's code, and its platform sends what it likes
            reason = f"{type(error).__name__}: {error}"[:300]
            _log.warning("channel_event_unreadable", account=str(self._desk.account), reason=reason)
            return _unreadable(made, event, reason)
        return Arrival(made, message.event_id, lane_of(message.chat), message)

    def poke(self, lane: str) -> None:
        """Something waits in a chat."""
        self._wanted.add(lane)
        if lane not in self._working:
            self._working.add(lane)
            self._desk.tasks.start(self._work(lane), f"messages of {self._desk.account} {lane}")

    async def begin(self) -> None:
        """Take up what was there before: what waits, and what an answer was on its way to."""
        for event in await self._inbox.ordered(self._desk.account):
            self._follow(event)
        for lane in await self._inbox.lanes(self._desk.account):
            # What stood first when the last process ended may be what ended it.
            await self._inbox.count_start(self._desk.account, lane)
            self.poke(lane)

    async def revive(self, event_row: str) -> bool:
        """Have a dead event looked at anew. False: it is not dead. Raises BAD_REQUEST when it still cannot be read."""
        event = await self._inbox.get(event_row)
        if event is None or event.state != "dead":
            return False
        message, lane = event.message, event.lane
        if message is None:
            try:
                message = self._desk.channel.read(event.raw or {})
            except Exception as error:  # as above
                raise GatewayError(ErrorKind.BAD_REQUEST, Text("channels.unreadable")) from error
            if message is None:
                await self._inbox.change(event.id, self._desk.now, state="done", reason="ignored")
                return True
            lane = lane_of(message.chat)
        if await self._inbox.revive(event_row, self._desk.now, lane, message):
            self.poke(lane)
        return True

    async def _work(self, lane: str) -> None:
        try:
            while lane in self._wanted:
                self._wanted.discard(lane)
                while (event := await self._inbox.next(self._desk.account, lane)) is not None:
                    await self._step(event)
        finally:
            self._working.discard(lane)

    async def _step(self, event: StoredEvent) -> None:
        wait = event.ready_at - self._desk.now
        if wait > 0:
            await self._world.clock.sleep(min(wait, 60.0))
            return
        attempts = event.attempts + 1
        try:
            if attempts > MOST_ATTEMPTS:
                raise GatewayError(ErrorKind.INTERNAL, event.reason or "it ends the process")
            await self._take(event)
        except GatewayError as error:
            await self._again(event, attempts, error.message(), busy=error.kind is ErrorKind.UNAVAILABLE)
        except Exception as error:  # one message must not hold up its chat for ever
            _log.exception("channel_message_failed", account=str(self._desk.account))
            await self._again(event, attempts, f"{type(error).__name__}"[:300])

    async def _again(self, event: StoredEvent, attempts: int, reason: str, *, busy: bool = False) -> None:
        now = self._desk.now
        if attempts >= MOST_ATTEMPTS and not busy:
            await self._inbox.change(event.id, now, state="dead", reason=reason[:500])
            await self._desk.tell("dead_letter", Text("channels.dead_letter", {"reason": reason[:200]}), event=event.id)
            return
        wait = min(_FIRST_WAIT * 2 ** (attempts - 1), _LONGEST_WAIT)
        kept = (
            min(attempts, MOST_ATTEMPTS - 1) if busy else attempts
        )  # that there is no room is no fault of the message
        await self._inbox.change(event.id, now, attempts=kept, ready_at=now + wait, reason=reason[:500])

    async def _take(self, event: StoredEvent) -> None:
        message = event.message
        assert message is not None, "what waits has its message"
        account = self._desk.account
        await self._desk.publish(EVENT, {"id": event.id, "message": orjson.loads(dump(message))})
        if message.kind == "request" and message.request is not None:
            await self._request(event, message)
            return
        if message.kind not in ("message", "button"):
            await self._done(event, "kind")
            return
        if not message.sender.itself and not message.old:
            await self._world.chats.heard(account, message.chat, message.reply_context, self._desk.now)
            await self._sending.unpark(event.lane)
        await self._let_in(await self._known(event, message))

    async def _known(self, event: StoredEvent, message: InboundMessage) -> _Taken:
        settings, account = self._world.settings(), self._desk.account
        lists = self._desk.lists()
        person = await self._world.people.find(account, lists.ids(message.sender))
        owner = lists.listed(message.sender, _own(settings.commands.owner_allow_from, account.channel))
        standing = Standing(owner or (person is not None and person.owner), person is not None)
        agent = self._world.roster().at(place_of(account, message))
        quoted = None
        if message.quoted is not None and message.quoted.id:
            quoted = await self._world.chats.said(account, message.quoted.id)
        return _Taken(
            event,
            message,
            settings,
            agent,
            session_of(settings, agent.id, account, message),
            standing,
            quoted,
            language_of(settings, [message.text]),
        )

    async def _let_in(self, taken: _Taken) -> None:
        message, desk = taken.message, self._desk
        lists, direct = desk.lists(), message.chat.kind == "direct"
        command = None
        if taken.settings.commands.text:
            command = command_in(_said(message), taken.settings.session.reset_triggers, group=not direct)
        if command is not None:
            allowed = taken.settings.commands.allow_from
            entries = (*allowed.get(desk.account.channel, ()), *allowed.get("*", ()))
            listed = lists.listed(message.sender, entries)
            if not may_give(command, owner=taken.standing.owner, listed=listed, direct=direct):
                command = None  # of those who may not give it, it is just words
        address = Address(
            mention=None if direct else self._mention(taken, spoke=await self._spoke(taken)),
            command=command is not None,
            activation="" if direct else await self._activation(taken.session_key),
            groups=desk.kind.capabilities.groups,
        )
        verdict = decide(message, desk.settings, lists, taken.standing, address)
        if verdict.action == "pair":
            await self._pair(taken)
        elif verdict.action == "context":
            await self._remember(taken, pending=True)
            await self._done(taken.event, verdict.reason)
        elif verdict.action == "drop":
            await self._done(taken.event, verdict.reason)
        elif command is not None:
            await self._command(taken, command)
        else:
            await self._order(taken, _said(message))

    async def _spoke(self, taken: _Taken) -> bool:
        """Whether the bot has said something in the thread of a message."""
        thread = bool(taken.message.chat.thread)
        return thread and await self._world.chats.spoke(self._desk.account, taken.event.lane)

    def _mention(self, taken: _Taken, *, spoke: bool) -> MentionWay | None:
        configured = taken.settings.messages.group_chat.mention_patterns
        names = [taken.agent.name] if taken.agent.name != taken.agent.id else []
        return mention_of(
            taken.message,
            self._desk.settings.implicit_mentions,
            patterns_of(configured, names),
            quotes_us=taken.quoted is not None and taken.quoted.ours,
            in_thread=spoke,
        )

    async def _activation(self, session_key: str) -> str:
        entry = await self._world.sessions.get(session_key)
        return str(entry.settings.get("groupActivation") or "") if entry is not None else ""

    async def _pair(self, taken: _Taken) -> None:
        request = await self._world.pairing.ask(self._desk.account, taken.message)
        if request is not None:
            values = {"code": request.code, "channel": self._desk.account.channel, "sender": request.sender_id}
            words = Text("channels.pairing", values).render(taken.language)
            await self._say(taken, words, "pairing")
        await self._done(taken.event, "pairing")

    async def _command(self, taken: _Taken, command: Command) -> None:
        given = Given(command, taken.message, taken.agent.id, taken.session_key, taken.standing.owner, taken.language)
        if command.name == "new" and taken.event.reason == _ANEW:  # done before a crash: what runs by now is its own
            outcome = Outcome(rest=command.argument)
        else:
            outcome = await self._commands.carry_out(given)
            await self._inbox.change(taken.event.id, self._desk.now, reason=_ANEW)
        if outcome.reply:
            await self._say(taken, outcome.reply, "command")
        if outcome.rest or outcome.compact:
            await self._order(taken, outcome.rest, compact=outcome.compact)
            return
        await self._done(taken.event, f"command_{command.name}")

    async def _say(self, taken: _Taken, words: str, what: str) -> None:
        key = f"{what}:{self._desk.account}:{taken.event.event_id}"
        role: Role = "pairing" if what == "pairing" else "notice"
        draft, parts = notice(self._desk, taken.message, words, key, role)
        delivery, _ = await self._world.outbox.put(draft, parts, self._desk.now)
        self._sending.poke(delivery.lane)

    async def _remember(self, taken: _Taken, *, pending: bool) -> None:
        """Keep a message for quotations, and (`pending`) for the agent to be shown with the next that is for it."""
        message = taken.message
        if not message.message_id and not pending:
            return
        text = message.text[:_LONGEST_KEPT] or " ".join(f"<{media.kind}>" for media in message.media)
        said = SaidMessage(
            message.message_id or message.event_id, message.at, text, message.sender.id, message.sender.name
        )
        await self._world.chats.say(self._desk.account, taken.event.lane, said, pending=pending)
        if pending:
            await self._world.chats.trim(self._desk.account, taken.event.lane, max(1, self._history_limit(taken)))

    def _history_limit(self, taken: _Taken) -> int:
        group = group_settings(self._desk.settings, taken.message.chat.parent or taken.message.chat.id)
        own = group.history_limit if group is not None else None
        limit = self._desk.settings.history_limit if own is None else own
        return taken.settings.messages.group_chat.history_limit if limit is None else limit

    async def _order(self, taken: _Taken, text: str, *, compact: bool = False) -> None:
        """Order the run that answers a message."""
        message, desk, event = taken.message, self._desk, taken.event
        direct, owner = message.chat.kind == "direct", taken.standing.owner
        history = []
        if not direct and (limit := self._history_limit(taken)):
            history = await self._world.chats.pending(desk.account, event.lane, limit)
        files = await received(desk, message)
        shown = shown_message(
            message,
            text,
            owner=owner,
            history=history,
            quoted=taken.quoted,
            media=files.parts,
            secret=self._world.secret,
        )
        route = route_of(desk.account, message.chat)
        if not shown.parts and not compact:
            await self._done(event, "empty")
            return
        extra: JsonObject = {"tools": tools} if (tools := self._tools(taken)) else {}
        if compact:
            extra["compact"] = True
        label = label_of(message.sender.id, message.sender.name)
        order = RunOrder(
            agent_id=taken.agent.id,
            session_key=taken.session_key,
            principal=OPERATOR if owner else CHANNELS,
            origin="channel",
            parts=shown.parts,
            extra_system=self._about(taken, label),
            idempotency_key=f"channel:{desk.account}:{event.event_id}",
            sender=Sender(message.sender.id, label, owner),
            channel=desk.account.channel,
            route=route,
            untrusted=shown.untrusted,
            marked=True,
            language=taken.language,
            extra=extra,
        )
        await self._place(taken)
        if owner and direct:
            self._owners[taken.session_key] = event
        run_id = await self._world.runs.start(order)
        await self._remember(taken, pending=False)
        await self._inbox.change(event.id, desk.now, state="ordered", run_id=run_id, session_key=taken.session_key)
        if history:
            await self._world.chats.shown(desk.account, event.lane, history[-1].at)
        self._follow(await self._inbox.get(event.id))

    async def _place(self, taken: _Taken) -> None:
        """The session knows where its last message came from."""
        values = {
            "channel": self._desk.account.channel,
            "chat_type": taken.message.chat.kind,
            "route": route_of(self._desk.account, taken.message.chat),
        }
        if taken.message.chat.title and taken.message.chat.kind != "direct":
            values["title"] = taken.message.chat.title[:200]
        owner = "" if taken.standing.owner else CHANNELS.id
        entry = await self._world.sessions.open(taken.session_key, owner=owner, values=values)
        changed = {name: value for name, value in values.items() if getattr(entry, name) != value and name != "title"}
        if changed:
            await self._world.sessions.change(taken.session_key, changed)

    def _about(self, taken: _Taken, label: str) -> str:
        chat = taken.message.chat
        about = about_chat(self._desk.account, chat, label, owner=taken.standing.owner)
        group = None if chat.kind == "direct" else group_settings(self._desk.settings, chat.parent or chat.id)
        return f"{about}\n\n{group.system_prompt}".strip() if group is not None else about

    def _tools(self, taken: _Taken) -> JsonObject | None:
        """What the place narrows the tools of this turn to; None: it does not."""
        message, lists, settings = taken.message, self._desk.lists(), self._desk.settings
        if not tools_allowed(message.sender, settings, lists, taken.standing.owner):
            return {"allow": [], "deny": []}
        if message.chat.kind == "direct":
            return None
        group = group_settings(settings, message.chat.parent or message.chat.id)
        if group is None:
            return None
        rules = group.tools
        for entry, own in group.tools_by_sender.items():
            if entry != "*" and lists.listed(message.sender, [entry]):
                rules = own
                break
        else:
            rules = group.tools_by_sender.get("*", rules)
        if rules is None:
            return None
        return {"allow": None if rules.allow is None else list(rules.allow), "deny": list(rules.deny)}

    async def _request(self, event: StoredEvent, message: InboundMessage) -> None:
        wanted = self._desk.settings.requests
        assert message.request is not None
        if wanted == "ask":
            asked = await self._requests.put(event, message)
            await self._inbox.change(event.id, self._desk.now, state="ordered", run_id=asked)
            self._follow(await self._inbox.get(event.id))
            return
        try:
            reason = await self._requests.answer(message.request, wanted == "accept")
        except SendFailed as failure:
            if failure.outcome == "ambiguous":
                reason = "request_unknown"
            else:
                raise
        await self._done(event, reason)

    async def ask_approval(self, session_key: str, approval_id: str, summary: str, details: JsonObject) -> None:
        """Put a question of an agent's to the operator, where it is they who are talking with it, alone."""
        event = self._owners.get(session_key)
        if event is None or event.message is None:
            return
        language = language_of(self._world.settings(), [event.message.text])
        shown = str(details.get("command") or summary)[:_LONGEST_KEPT]
        words = Text("channels.approval", {"summary": shown, "id": approval_id}).render(language)
        draft, parts = notice(self._desk, event.message, words, f"approval:{approval_id}", "approval")
        if parts:
            buttons = tuple(
                Button(Text(f"channels.approval.{word}").render(language), f"/approve {approval_id} {decision}")
                for word, decision in (("once", "once"), ("always", "always"), ("deny", "deny"))
            )
            parts[-1] = replace(parts[-1], buttons=buttons)
        delivery, _ = await self._world.outbox.put(draft, parts, self._desk.now)
        self._sending.poke(delivery.lane)

    def _follow(self, event: StoredEvent | None) -> None:
        if event is not None and event.state == "ordered" and event.id not in self._followed:
            self._followed.add(event.id)
            self._desk.tasks.start(self._see_through(event), f"answer to {event.account} {event.event_id}"[:200])

    async def _see_through(self, event: StoredEvent) -> None:
        """Until it is done. Faults of the moment are waited out: what was ordered is answered."""
        wait = _FIRST_WAIT
        try:
            while True:
                try:
                    request = event.message is not None and event.message.kind == "request"
                    reason = await (self._requests if request else self._answering).see_through(event)
                    await self._done(event, reason)
                except GatewayError as error:
                    _log.warning("channel_answer_delayed", account=str(self._desk.account), reason=error.message())
                except Exception:  # whatever failed, what was ordered is not to be forgotten
                    _log.exception("channel_answer_failed", account=str(self._desk.account))
                else:
                    return
                await self._world.clock.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT)
        finally:
            self._followed.discard(event.id)
            if (asked := self._owners.get(event.session_key)) is not None and asked.id == event.id:
                del self._owners[event.session_key]

    async def _done(self, event: StoredEvent, reason: str) -> None:
        await self._inbox.change(event.id, self._desk.now, state="done", reason=reason)


def _said(message: InboundMessage) -> str:
    return message.button if message.kind == "button" else message.text


def _own(entries: tuple[str, ...], channel: str) -> list[str]:
    """Those of the operator's ids that hold in a channel: an id alone holds in all of them, `*` in none."""
    return [entry for entry in entries if entry.strip() != "*"]


def _unreadable(made: str, event: JsonObject, reason: str) -> Arrival:
    try:
        text = dump(event)
    except TypeError:
        text = repr(event)
    mark = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    kept: JsonObject = event if len(text) <= _MOST_EVENT_BYTES else {"cut": text[:10_000]}
    try:
        dump(kept)
    except TypeError:
        kept = {"repr": repr(event)[:10_000]}
    return Arrival(made, f"unreadable:{mark}", "", None, kept, reason)
