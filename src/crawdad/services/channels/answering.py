"""From a run of an agent to what people read: typing while it works, the answer while it grows where the platform can show
that, and the whole of it at the end, kept in the outbox under the event's own name, so that it goes out once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress

import structlog

from crawdad.core.agents import RunEvent, RunState
from crawdad.core.channels import InboundMessage, Role, SendFailed
from crawdad.core.errors import GatewayError
from crawdad.core.parts import MediaPart
from crawdad.core.plugin_hooks import MessageSending
from crawdad.core.text import Text
from crawdad.services.channels.chunking import chunks, closed, closes, fence_of
from crawdad.services.channels.deliveries import with_media
from crawdad.services.channels.sending import ANSWER, Sending
from crawdad.services.channels.world import OpenAccount, language_of
from crawdad.services.schedule.tokens import read_answer
from crawdad.services.sessions.policy import may_send
from crawdad.services.tasks import Tasks
from crawdad.store.channel_rows import DeliveryDraft, PartDraft, StoredDelivery, StoredEvent, lane_of

_MOST_ERRORS = 1000
_FIRST_SHOWN = 24
_LONGEST_EDIT_WAIT = 30.0
_SETTLE_SECONDS = 0.05
_SETTLE_TRIES = 1200

_log = structlog.get_logger(__name__)


class Answering:
    """Hands on what agents answer, in one account."""

    def __init__(self, account: OpenAccount, sending: Sending) -> None:
        self._desk = account
        self._world = account.world
        self._sending = sending
        self._errors: OrderedDict[tuple[str, str], float] = OrderedDict()
        """When a chat was last told of an error (Unix time)."""

    async def see_through(self, event: StoredEvent) -> str:
        """Wait for the run of `event`, and have its answer sent. Returns what became of it, in a word."""
        message = event.message
        assert message is not None, "what is ordered has its message"
        answer = GrowingAnswer(self._desk, self._sending, event, message)
        async with Tasks(2) as beside:
            if self._desk.settings.typing and self._desk.kind.capabilities.typing_seconds is not None:
                beside.start(self._typing(message), f"typing in {self._desk.account}")
            absorbed = False
            async for one in self._world.runs.follow(event.run_id):
                absorbed = absorbed or "absorbedBy" in one.data
                await answer.grow(one)
        state = await self._world.runs.look(event.run_id)
        if state is None:
            return "run_gone"
        if absorbed:
            return "answered_together"
        return await self._finish(answer, event, message, state)

    async def _finish(self, answer: GrowingAnswer, event: StoredEvent, message: InboundMessage, state: RunState) -> str:
        settings = self._world.settings()
        entry = await self._world.sessions.get(event.session_key)
        if entry is not None and not may_send(entry, settings.session.send_policy):
            await answer.withdraw()
            return "send_policy"
        words, role, reason = self._words(state, message)
        text = words
        media = [part for part in state.parts if isinstance(part, MediaPart)]
        if not text and not media:
            await answer.withdraw()
            return reason
        if role == "error" and self._told_before(message, text):
            await answer.withdraw()
            return "failed_told_before"
        if text and role == "final":
            text = answer.begun(text)
            said = await self._heard(message, text)
            if said is None:
                await answer.withdraw()
                return "refused_by_plugin"
            text = said
        await answer.finish(text, media, role)
        if role == "error":
            self._note_told(message, words)
        return reason

    def _told_before(self, message: InboundMessage, words: str) -> bool:
        """Whether that chat was told of the same error a moment ago."""
        rules, now = self._desk.settings.rate_limit.error_dedup, self._desk.now
        told = self._errors.get((lane_of(message.chat), words))
        return rules.enabled and told is not None and now - told < rules.threshold_sec

    def _note_told(self, message: InboundMessage, words: str) -> None:
        mark = (lane_of(message.chat), words)
        self._errors[mark] = self._desk.now
        self._errors.move_to_end(mark)
        if len(self._errors) > _MOST_ERRORS:
            self._errors.popitem(last=False)

    async def _heard(self, message: InboundMessage, text: str) -> str | None:
        """An answer as plugins let it go out; None: one of them keeps it back."""
        hooks = self._world.hooks
        if not hooks.wanted(MessageSending.hook):
            return text
        event = await hooks.ask(MessageSending(**self._place(message), text=text))
        if event.refused_by:
            _log.warning("channel_answer_refused", plugin=event.refused_by, reason=event.refuse)
            return None
        return event.text

    def _place(self, message: InboundMessage) -> dict[str, str]:
        account = self._desk.account
        return {"channel": account.channel, "account": account.name, "to": message.chat.id}

    def _words(self, state: RunState, message: InboundMessage) -> tuple[str, Role, str]:
        language = language_of(self._world.settings(), [message.text])
        if state.status == "cancelled":
            return "", "final", "stopped"
        if state.status == "failed":
            return Text("channels.run_failed", {"error": state.error or ""}).render(language), "error", "failed"
        if state.status == "interrupted":
            return Text("channels.run_interrupted").render(language), "error", "interrupted"
        said = read_answer(state.text)
        if said.silent:
            return "", "final", "silent"
        return said.text, "final", "answered"

    async def _typing(self, message: InboundMessage) -> None:
        channel, seconds = self._desk.channel, self._desk.kind.capabilities.typing_seconds or 5.0
        try:
            while True:
                with suppress(GatewayError):
                    await channel.typing(message.chat, True, message.reply_context)
                await self._world.clock.sleep(seconds * 0.8)
        finally:
            with suppress(GatewayError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await channel.typing(message.chat, False, message.reply_context)


class GrowingAnswer:
    """One answer, shown as far as the platform and the settings let it. How it is shown falls from editing one message over
    blocks to the whole."""

    def __init__(self, account: OpenAccount, sending: Sending, event: StoredEvent, message: InboundMessage) -> None:
        self._desk = account
        self._outbox = account.world.outbox
        self._clock = account.world.clock
        self._sending = sending
        self._message = message
        self._key = f"{ANSWER}{account.account}:{event.event_id}"
        self._mode = self._streaming()
        self._delivery: StoredDelivery | None = None
        self._resumed = False
        self._text = ""
        """What the agent has said since it last called a tool."""
        self._covered = ""
        self._shown = ""
        self._not_before = 0.0

    def _streaming(self) -> str:
        capabilities, wanted = self._desk.kind.capabilities, self._desk.settings.streaming
        if self._sending.quota.messages is not None:
            return "off"  # every message counts
        if self._desk.world.hooks.wanted(MessageSending.hook):
            return "off"  # a plugin may change what is said, or keep it back
        mode = wanted.mode or ("block" if wanted.block.enabled else capabilities.streaming)
        if mode in ("partial", "progress"):
            return "partial" if capabilities.edit else "off"
        return mode

    def begun(self, text: str) -> str:
        """What an agent says as it is shown: behind the prefix, and without empty lines before it."""
        text = text.lstrip()
        return f"{self._desk.world.settings().messages.response_prefix} {text}".lstrip() if text else ""

    async def grow(self, event: RunEvent) -> None:
        """Something happened in the run."""
        if self._mode == "off":
            return
        if event.kind == "tool" and event.data.get("phase") == "start":
            if self._mode == "block":
                await self._block(whole=True)
            self._text = self._covered = ""
        elif event.kind == "lifecycle" and event.data.get("resumed"):
            self._text = self._covered = ""
        elif event.kind == "assistant":
            self._text += event.words
            await (self._preview() if self._mode == "partial" else self._block())

    async def _preview(self) -> None:
        now = self._clock.monotonic()
        if now < self._not_before or len(self._text) < _FIRST_SHOWN or read_answer(self._text).silent:
            return
        pieces = chunks(closed(self.begun(self._text)), self._desk.text_limit(), self._desk.channel.measure)
        if not pieces or pieces[0] == self._shown:
            return
        self._not_before = now + self._desk.kind.capabilities.edit_seconds
        if self._delivery is None:
            await self._open([PartDraft(self._part_id(0), "preview", pieces[0])])
            self._shown = pieces[0]
            return
        message_id = await self._preview_id()
        if message_id is None:
            return
        try:
            async with asyncio.timeout(_LONGEST_EDIT_WAIT):
                await self._desk.channel.edit(self._message.chat, message_id, pieces[0], final=False)
            self._shown = pieces[0]
        except Exception as fault:  # other people's code: a glimpse that fails must not cost the answer
            if not isinstance(fault, GatewayError | TimeoutError):
                _log.exception("channel_edit_failed", account=str(self._desk.account))
            wait = fault.retry_after if isinstance(fault, SendFailed) else None
            self._not_before = now + min(_LONGEST_EDIT_WAIT if wait is None else wait, _LONGEST_EDIT_WAIT)

    async def _preview_id(self) -> str | None:
        assert self._delivery is not None
        found = await self._outbox.get(self._delivery.id)
        part = found.parts[0] if found is not None and found.parts else None
        return part.message_ids[0] if part is not None and part.state == "sent" and part.message_ids else None

    async def _block(self, *, whole: bool = False) -> None:
        rules = self._desk.settings.streaming.block.coalesce
        rest = self.begun(self._text)[len(self._covered) :]
        if self._resumed or (not whole and len(rest) < rules.min_chars):
            return
        cut = len(rest) if whole else _paragraph_end(rest, rules.min_chars, rules.max_chars)
        piece = rest[:cut]
        if cut == 0 or not piece.strip() or read_answer(self._text).silent:
            return
        self._covered += piece
        covered = self._covered if not whole else ""
        if self._delivery is None:
            delivery = await self._open([])
            if len(delivery.parts) or delivery.covered:
                self._resumed = True  # begun before a crash: what is missing comes at the end
                return
        else:
            delivery = self._delivery
        drafts = self._drafts(piece, len(delivery.parts), "block")
        self._delivery = await self._outbox.grow(delivery.id, drafts, self._desk.now, covered=covered)
        self._sending.poke(self._delivery.lane)

    async def _open(self, parts: Sequence[PartDraft]) -> StoredDelivery:
        self._delivery, _ = await self._outbox.put(self._draft(growing=True), parts, self._desk.now)
        self._sending.poke(self._delivery.lane)
        return self._delivery

    def _draft(self, *, growing: bool) -> DeliveryDraft:
        message, group = self._message, self._message.chat.kind != "direct"
        mode = self._desk.settings.reply_to_mode
        capabilities = self._desk.kind.capabilities
        quotes = group if mode is None else mode != "off"
        return DeliveryDraft(
            id=self._desk.world.randomness.new_id(),
            key=self._key,
            account=self._desk.account,
            chat=message.chat,
            reply_to=message.message_id if quotes else "",
            mention=message.sender.id if group and not capabilities.quote else "",
            growing=growing,
        )

    def _part_id(self, number: int) -> str:
        return f"{self._key}:{number}"

    def _drafts(self, text: str, first: int, role: Role) -> list[PartDraft]:
        paragraphs = self._desk.settings.streaming.chunk_mode == "newline"
        pieces = chunks(text, self._desk.text_limit(), self._desk.channel.measure, paragraphs=paragraphs)
        return [PartDraft(self._part_id(first + number), role, piece) for number, piece in enumerate(pieces)]

    async def finish(self, text: str, media: Sequence[MediaPart], role: Role) -> None:
        """Have the whole sent, as far as it is not there."""
        if self._delivery is None:
            drafts = with_media(self._desk, self._drafts(text, 0, role), media, self._key)
            known, is_new = await self._outbox.put(self._draft(growing=False), drafts, self._desk.now)
            if is_new:
                self._sending.poke(known.lane)
                return
            self._delivery = known  # begun before a crash
        while (delivery := await self._calm(self._delivery)).state == "growing":
            delivery = await self._complete(delivery, text, media, role)
            self._sending.poke(delivery.lane)

    async def _complete(
        self, delivery: StoredDelivery, text: str, media: Sequence[MediaPart], role: Role
    ) -> StoredDelivery:
        """Add what is missing. It grows still where its first part has left meanwhile."""
        count = len(delivery.parts)
        edit: tuple[int, str] | None = None
        first = delivery.parts[0] if delivery.parts else None
        if first is not None and first.role == "preview":
            pieces = self._drafts(text, 0, role)
            if pieces and (first.state == "waiting" or (first.state == "sent" and first.message_ids)):
                edit = (0, pieces[0].text)
                pieces = pieces[1:]
            drafts = [PartDraft(self._part_id(count + number), role, one.text) for number, one in enumerate(pieces)]
        else:
            covered = delivery.covered
            rest = text[len(covered) :] if covered and text.startswith(covered.rstrip()) else text
            drafts = self._drafts(rest, count, role) if rest.strip() else []
        drafts = with_media(self._desk, drafts, media, f"{self._key}:{count}")
        return await self._outbox.grow(delivery.id, drafts, self._desk.now, edit=edit, done=True)

    async def withdraw(self) -> None:
        """Nothing is to be said after all."""
        known = self._delivery or await self._outbox.known(self._key)
        if known is None or known.state != "growing":
            return
        delivery = await self._calm(known)
        for part in delivery.parts:
            if part.role == "preview" and part.state == "waiting":
                await self._outbox.recut(delivery.id, part.number, [])
            if part.role == "preview" and part.state == "sent" and self._desk.kind.capabilities.delete:
                for message_id in part.message_ids:
                    with suppress(GatewayError):
                        await self._desk.channel.delete(delivery.chat, message_id)
        await self._outbox.grow(delivery.id, [], self._desk.now, done=True)
        self._sending.poke(delivery.lane)

    async def _calm(self, delivery: StoredDelivery) -> StoredDelivery:
        """The delivery, once no part of it is on its way."""
        for _ in range(_SETTLE_TRIES):
            found = await self._outbox.get(delivery.id)
            if found is None:
                return delivery
            if not any(part.state == "sending" for part in found.parts):
                return found
            await self._clock.sleep(_SETTLE_SECONDS)
        return delivery


def _paragraph_end(text: str, least: int, most: int) -> int:
    """Where a block may end: behind a paragraph, outside code, once there are `least` characters; behind a line or anywhere
    when there are more than `most`. 0: not yet."""
    best = 0
    position = 0
    mark = ""
    for line in text.split("\n")[:-1]:
        position += len(line) + 1
        fence = fence_of(line)
        if mark:
            mark = "" if closes(fence, mark) else mark
        elif fence is not None:
            mark = fence[0]
        if position > most and best:
            break
        if position >= least and not mark and not line.strip():
            best = position
    if best or len(text) <= most or mark:
        return best
    newline = text.rfind("\n", least, most)
    return newline + 1 if newline > 0 else most
