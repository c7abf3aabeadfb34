"""A message of somebody: let in or not, a command, kept for later, or handed to an agent."""

from __future__ import annotations

from collections import OrderedDict

from crawdad.core.channels import InboundMessage, MentionWay, Role
from crawdad.core.text import Text
from crawdad.services.channels.access import Address, Standing, decide
from crawdad.services.channels.acknowledging import Acknowledging
from crawdad.services.channels.addressing import place_of, route_of, session_of
from crawdad.services.channels.command_answers import CommandAnswers, Given, Outcome
from crawdad.services.channels.commands import Command, command_in, may_give
from crawdad.services.channels.deliveries import notice
from crawdad.services.channels.orders import CHANNELS, Taken, history_limit, order_for
from crawdad.services.channels.pairing import request_id_of
from crawdad.services.channels.questions import Questions
from crawdad.services.channels.sending import Sending
from crawdad.services.channels.waking import patterns_of, speaks_by_chance, spoken_to, too_soon, woken_by
from crawdad.services.channels.world import OpenAccount, language_of
from crawdad.store.channel_chats import SaidMessage
from crawdad.store.channel_rows import StoredEvent

_ANEW = "anew"
_LONGEST_KEPT = 4000
_MOST_CHATS = 5000


class Messages:
    """The messages of one account."""

    def __init__(
        self, account: OpenAccount, sending: Sending, acknowledging: Acknowledging, questions: Questions
    ) -> None:
        self._desk = account
        self._world = account.world
        self._inbox = account.world.inbox
        self._sending = sending
        self._acknowledging = acknowledging
        self._questions = questions
        self._commands = CommandAnswers(account)
        self._answered: OrderedDict[str, float] = OrderedDict()
        """When an agent was last set to work for a group (Unix time), by its lane."""

    async def take(self, event: StoredEvent, message: InboundMessage) -> StoredEvent | None:
        """Do with a message what is to be done. The event where a run was ordered, whose answer is to be waited for."""
        if not message.sender.itself and not message.old:
            await self._world.chats.heard(self._desk.account, message.chat, message.reply_context, self._desk.now)
            await self._sending.unpark(event.lane)
        return await self._let_in(await self._known(event, message))

    async def _known(self, event: StoredEvent, message: InboundMessage) -> Taken:
        settings, account = self._world.settings(), self._desk.account
        lists = self._desk.lists()
        person = await self._world.people.find(account, lists.ids(message.sender))
        owner = lists.listed(message.sender, _named(settings.commands.owner_allow_from))
        standing = Standing(owner or (person is not None and person.owner), person is not None)
        agent = self._world.roster().at(place_of(account, message))
        quoted = None
        if message.quoted is not None and message.quoted.id:
            quoted = await self._world.chats.said(account, message.chat, message.quoted.id)
        session_key = session_of(settings, agent.id, account, message)
        language = language_of(settings, [message.text])
        return Taken(event, message, settings, agent, session_key, standing, quoted, language)

    async def _let_in(self, taken: Taken) -> StoredEvent | None:
        command = self._command_of(taken)
        address = await self._address(taken, command)
        verdict = decide(taken.message, self._desk.settings, self._desk.lists(), taken.standing, address)
        if verdict.action == "pair":
            await self._pair(taken)
        elif verdict.action == "context":
            await self._remember(taken)
            await self._done(taken.event, verdict.reason)
        elif verdict.action == "drop":
            await self._done(taken.event, verdict.reason)
        elif command is not None:
            return await self._command(taken, command)
        else:
            self._acknowledging.put(taken.message, taken.settings.messages, mentioned=address.mention is not None)
            return await self._order(taken, said_in(taken.message))
        return None

    def _command_of(self, taken: Taken) -> Command | None:
        """The command that a message is, of somebody who may give it: of others it is just words."""
        if not taken.settings.commands.text:
            return None
        message, direct = taken.message, taken.message.chat.kind == "direct"
        command = command_in(said_in(message), taken.settings.session.reset_triggers, group=not direct)
        if command is None:
            return None
        allowed = taken.settings.commands.allow_from
        entries = (*allowed.get(self._desk.account.channel, ()), *allowed.get("*", ()))
        listed = self._desk.lists().listed(message.sender, entries)
        return command if may_give(command, owner=taken.standing.owner, listed=listed, direct=direct) else None

    async def _address(self, taken: Taken, command: Command | None) -> Address:
        limits, groups = self._desk.settings.rate_limit, self._desk.kind.capabilities.groups
        if taken.message.chat.kind == "direct":
            mention = None if limits.wake_trigger.direct_message else self._mention(taken, None)
            return Address(mention=mention, command=command is not None, groups=groups)
        way = spoken_to(
            taken.message,
            self._desk.settings.implicit_mentions,
            quotes_us=taken.quoted is not None and taken.quoted.ours,
            in_thread=await self._spoke(taken),
        )
        mention = self._mention(taken, way)
        drawn = 1.0 if limits.wake_probability is None or mention else self._world.randomness.uniform()
        return Address(
            mention=mention,
            command=command is not None,
            activation=await self._activation(taken.session_key),
            groups=groups,
            chance=speaks_by_chance(limits, drawn),
            too_soon=too_soon(limits, self._answered.get(taken.event.lane), self._desk.now),
        )

    def _mention(self, taken: Taken, way: MentionWay | None) -> MentionWay | None:
        names = [taken.agent.name] if taken.agent.name != taken.agent.id else []
        patterns = patterns_of(taken.settings.messages.group_chat.mention_patterns, names)
        return woken_by(taken.message, self._desk.settings.rate_limit.wake_trigger, way, patterns)

    async def _spoke(self, taken: Taken) -> bool:
        """Whether the bot has said something in the thread of a message."""
        thread = bool(taken.message.chat.thread)
        return thread and await self._world.chats.spoke(self._desk.account, taken.event.lane)

    async def _activation(self, session_key: str) -> str:
        entry = await self._world.sessions.get(session_key)
        return str(entry.settings.get("groupActivation") or "") if entry is not None else ""

    async def _pair(self, taken: Taken) -> None:
        request = await self._world.pairing.ask(self._desk.account, taken.message)
        if request is not None:
            # Under the request's name: told once, also where what told it the first time did not come that far.
            values = {"code": request.code, "channel": self._desk.account.channel, "sender": request.sender_id}
            words = Text("channels.pairing", values).render(taken.language)
            await self._say(taken, words, "pairing", request_id_of(request))
        await self._done(taken.event, "pairing")

    async def _command(self, taken: Taken, command: Command) -> StoredEvent | None:
        given = Given(command, taken.message, taken.agent.id, taken.session_key, taken.standing.owner, taken.language)
        if command.name == "new" and taken.event.reason == _ANEW:  # done before a crash: what runs by now is its own
            outcome = Outcome(rest=command.argument)
        else:
            outcome = await self._commands.carry_out(given)
            await self._inbox.change(taken.event.id, self._desk.now, reason=_ANEW)
        if outcome.reply:
            await self._say(taken, outcome.reply, "command")
        if outcome.rest or outcome.compact:
            return await self._order(taken, outcome.rest, compact=outcome.compact)
        await self._done(taken.event, f"command_{command.name}")
        return None

    async def _say(self, taken: Taken, words: str, what: str, name: str = "") -> None:
        key = f"{what}:{self._desk.account}:{name or taken.event.event_id}"
        role: Role = "pairing" if what == "pairing" else "notice"
        await self._sending.say(*notice(self._desk, taken.message.chat, words, key, role))

    async def _remember(self, taken: Taken) -> None:
        """Keep a message for quotations, and for the agent to be shown with the next that is for it."""
        lane = taken.event.lane
        await self._world.chats.say(self._desk.account, taken.message.chat, _said(taken.message), pending=True)
        await self._world.chats.trim(self._desk.account, lane, max(1, history_limit(self._desk, taken)))

    async def _order(self, taken: Taken, text: str, *, compact: bool = False) -> StoredEvent | None:
        """Order the run that answers a message."""
        desk, event = self._desk, taken.event
        direct = taken.message.chat.kind == "direct"
        history = []
        if not direct and (limit := history_limit(desk, taken)):
            history = await self._world.chats.pending(desk.account, event.lane, limit)
        order = await order_for(desk, taken, text, history, compact=compact)
        if order is None:
            await self._done(event, "empty")
            return None
        await self._place(taken)
        if direct and taken.standing.owner:
            self._questions.begin(taken.session_key, event)
        run_id = await self._world.runs.start(order)
        said = _said(taken.message) if taken.message.message_id else None
        ordered = await self._inbox.order(event, run_id, taken.session_key, said, desk.now)
        if history:
            await self._world.chats.shown(desk.account, event.lane, history[-1].at)
        if not direct:
            self._answered[event.lane] = desk.now
            self._answered.move_to_end(event.lane)
            if len(self._answered) > _MOST_CHATS:
                self._answered.popitem(last=False)
        return ordered

    async def _place(self, taken: Taken) -> None:
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

    async def _done(self, event: StoredEvent, reason: str) -> None:
        await self._inbox.change(event.id, self._desk.now, state="done", reason=reason)


def _said(message: InboundMessage) -> SaidMessage:
    text = message.text[:_LONGEST_KEPT] or " ".join(f"<{media.kind}>" for media in message.media)
    name = message.message_id or message.event_id
    return SaidMessage(name, message.at, text, message.sender.id, message.sender.name)


def said_in(message: InboundMessage) -> str:
    """What somebody said, be it by a button."""
    return message.button if message.kind == "button" else message.text


def _named(entries: tuple[str, ...]) -> list[str]:
    """The operator's ids; `*` is none: nobody becomes the operator because everybody may write."""
    return [entry for entry in entries if entry.strip() != "*"]
