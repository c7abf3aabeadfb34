"""Sending what the outbox holds: chat by chat in order, part by part, each with its receipt.

A part is marked before it leaves, so that after a crash nobody takes it for unsent: it is sent again only where the platform
knows doubles. What has certainly not been sent is tried again for a day, ever more slowly; what the platform wants somebody
to write for first is parked until then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Literal

import structlog

from crawdad.core.channel_notices import SENT
from crawdad.core.channels import OutboundMessage, Quota, Receipt, SendFailed
from crawdad.core.errors import GatewayError
from crawdad.core.pacing import left_until
from crawdad.core.plugin_hooks import MessageSent
from crawdad.core.text import Text
from crawdad.core.tracing import span
from crawdad.services.channels.chunking import chunks
from crawdad.services.channels.plain import plain_text
from crawdad.services.channels.world import OpenAccount
from crawdad.store.channel_rows import DeliveryDraft, DeliveryState, PartDraft, StoredDelivery, StoredPart

SEND_SECONDS = 60.0
GRACE_SECONDS = 1.5
"""How long a send that is under way may still take when the account is stopped."""
GIVE_UP_SECONDS = 86_400.0
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0
_LONGEST_RATE_WAIT = 3600.0
_AT_ONCE = 4
_LOOK_SECONDS = 0.5
_GROWING_SECONDS = 2.0
"""How long an answer that is still being said waits where the platform wants somebody to write first."""
_LONGEST_KEPT = 4000
_SETTLED: tuple[DeliveryState, ...] = ("sent", "failed", "unknown", "parked")

ANSWER = "reply:"
"""How the keys of agents' answers begin."""
_STATUSES: dict[str, str] = {"sent": "delivered", "failed": "not-delivered", "unknown": "unknown"}

_log = structlog.get_logger(__name__)


class Sending:
    """The way out of one account."""

    def __init__(self, account: OpenAccount) -> None:
        self._desk = account
        self._world = account.world
        self._outbox = account.world.outbox
        self._working: set[str] = set()
        self._wanted: set[str] = set()
        self._places = asyncio.Semaphore(_AT_ONCE)
        self.not_before = float("-inf")
        """When the platform takes the next part of this account, by the clock that nobody sets."""
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._parked: set[str] = set()

    def poke(self, lane: str) -> None:
        """Something is to go out to a chat."""
        self._wanted.add(lane)
        if lane not in self._working:
            self._working.add(lane)
            self._desk.tasks.start(self._work(lane), f"sending to {self._desk.account} {lane}")

    async def say(self, draft: DeliveryDraft, parts: Sequence[PartDraft]) -> None:
        """Keep something to be sent, and send it. Of two with one key the first counts."""
        delivery, _ = await self._outbox.put(draft, parts, self._desk.now)
        self.poke(delivery.lane)

    async def unpark(self, lane: str) -> None:
        """Somebody wrote: what waited for that goes out."""
        if lane in self._parked:
            self._parked.discard(lane)
            await self._outbox.unpark(self._desk.account, lane, self._desk.now)
            self.poke(lane)

    async def begin(self) -> None:
        """Take up what was there before."""
        self._parked = {delivery.lane for delivery in await self._outbox.parked(self._desk.account)}
        await self.poke_all()

    async def poke_all(self) -> None:
        """Look at all chats: after a start, a sign-in, or because another process put something there."""
        for lane in await self._outbox.lanes(self._desk.account):
            self.poke(lane)

    async def settled(self, delivery_id: str, seconds: float) -> StoredDelivery | None:
        """A delivery once it is sent, parked or given up, or as it stands after `seconds`."""
        news = asyncio.Event()
        self._waiting.setdefault(delivery_id, set()).add(news)
        try:
            async with asyncio.timeout(seconds):
                while True:
                    found = await self._outbox.get(delivery_id)
                    if found is None or found.state in _SETTLED:
                        return found
                    with suppress(TimeoutError):  # another process may be the one that sends
                        async with asyncio.timeout(_LOOK_SECONDS):
                            await news.wait()
                    news.clear()
        except TimeoutError:
            return await self._outbox.get(delivery_id)
        finally:
            waiting = self._waiting.get(delivery_id, set())
            waiting.discard(news)
            if not waiting:
                self._waiting.pop(delivery_id, None)

    async def _work(self, lane: str) -> None:
        try:
            while lane in self._wanted:
                self._wanted.discard(lane)
                await self._empty(lane)
        finally:
            self._working.discard(lane)

    async def _empty(self, lane: str) -> None:
        while not self._desk.status.signed_out:
            delivery, more = await self._outbox.next(self._desk.account, lane)
            if delivery is None:
                return
            wait = left_until(delivery.ready_at, self._desk.now, delivery.updated_at)
            wait = max(wait, self.not_before - self._world.clock.monotonic())
            if wait > 0:
                await self._world.clock.sleep(min(wait, _LONGEST_WAIT))
                continue
            async with self._places:
                is_over = await self._deliver(delivery)
            for news in self._waiting.get(delivery.id, ()):
                news.set()
            if is_over and not more:
                return

    async def _deliver(self, delivery: StoredDelivery) -> bool:
        """Send what is unsent of a delivery. Whether all of it is sent, and that written down."""
        is_whole = delivery.state == "open" and all(part.state in ("sent", "waiting") for part in delivery.parts)
        for part in delivery.parts:
            if part.state in ("sent", "unknown", "failed"):
                continue
            if part.state == "sending" and not self._desk.kind.capabilities.repeats_safely:
                await self._unknown(delivery, part, Text("channels.cut_off"))
                continue
            closes = is_whole and part is delivery.parts[-1]
            outcome = await self._send(delivery, part, closes=closes)
            if outcome == "stopped":
                return False
            if closes and outcome == "sent":
                self._tell_end(delivery, "sent")
                return True
        found = await self._outbox.get(delivery.id)
        if found is None or found.state == "growing":
            return False
        states = {part.state for part in found.parts}
        if states & {"waiting", "sending", "edit"}:
            return False
        state: DeliveryState = "failed" if "failed" in states else "unknown" if "unknown" in states else "sent"
        await self._settle(found, state)
        return True

    async def _settle(self, delivery: StoredDelivery, state: DeliveryState, error: str = "") -> None:
        """Write down how a delivery ended."""
        await self._outbox.mark(delivery.id, self._desk.now, state=state, **({"error": error} if error else {}))
        self._tell_end(delivery, state, error)

    def _tell_end(self, delivery: StoredDelivery, state: DeliveryState, error: str = "") -> None:
        """Plugins are told of an answer."""
        hooks = self._world.hooks
        if not delivery.key.startswith(ANSWER) or not hooks.wanted(MessageSent.hook):
            return
        if any(part.role in ("error", "notice") for part in delivery.parts):
            return
        account = self._desk.account
        why = error or next((part.error for part in delivery.parts if part.error), "")
        hooks.tell_soon(
            MessageSent(
                channel=account.channel,
                account=account.name,
                to=delivery.chat.id,
                text="\n".join(part.text for part in delivery.parts if part.text),
                status=_STATUSES[state],
                error="" if state == "sent" else why,
            )
        )

    async def _send(
        self, delivery: StoredDelivery, part: StoredPart, *, closes: bool
    ) -> Literal["sent", "passed", "stopped"]:
        """Send one part. `closes`: it is the last of its delivery. `passed`: it may be there, and the delivery goes on;
        `stopped`: it is not to go on now."""
        known = await self._world.chats.get(self._desk.account, delivery.lane)
        if part.state != "edit" and known is not None:
            reason = spent(self.quota, known.sent_since, self._desk.now - known.last_inbound_at)
            if reason is not None:
                await self._park(delivery, reason, known.last_inbound_at)
                return "stopped"
        media = await self._outbox.media(delivery.id, part.number) if part.media else None
        if part.media and media is None:
            await self._fail(delivery, part, Text("channels.file_gone"))
            return "stopped"
        capabilities, quoting = self._desk.kind.capabilities, self._desk.settings.reply_to_mode
        if part.state != "edit" and delivery.state == "growing":
            claimed = await self._outbox.claim_part(delivery.id, part, self._desk.now)
            if claimed is None:
                return "stopped"
            part = claimed
        elif part.state != "edit":
            await self._outbox.mark_part(
                delivery.id, part.number, self._desk.now, state="sending", attempts=part.attempts + 1
            )
        first = part.number == 0
        quotes = capabilities.quote and (first or quoting == "all") and quoting != "off"
        message = OutboundMessage(
            id=part.id,
            chat=delivery.chat,
            text=part.text if capabilities.markdown or part.role == "notice" else plain_text(part.text),
            media=media,
            reply_to=delivery.reply_to if quotes else "",
            mention=delivery.mention if first and capabilities.mention else "",
            role=part.role,
            buttons=part.buttons if capabilities.buttons else (),
            reply_context=known.reply_context if known is not None else {},
        )
        try:
            with span("send message", "producer", {"messaging.system": self._desk.account.channel}):
                await self._attempt(delivery, part, message, closes=closes)
        except SendFailed as failed:
            failure = failed
        except TimeoutError:
            failure = SendFailed("ambiguous", Text("channels.no_answer"))
        except Exception as fault:  # a channel is other people's code: whatever it raises, the part may have been sent
            _log.exception("channel_send_failed", account=str(self._desk.account))
            words = fault.text if isinstance(fault, GatewayError) else Text("channels.fault")
            failure = SendFailed("ambiguous", words)
        else:
            return "sent"
        heard_at = known.last_inbound_at if known is not None else 0.0
        return "passed" if await self._failed(delivery, part, failure, heard_at) else "stopped"

    async def _attempt(
        self, delivery: StoredDelivery, part: StoredPart, message: OutboundMessage, *, closes: bool
    ) -> None:
        """Send a part and write down that it was, in one piece: when the account is stopped meanwhile this gets a moment to
        finish, so that the next process need not wonder. Raises what the channel does, and TimeoutError."""
        faults: list[Exception] = []

        async def work() -> None:
            try:
                if part.state == "edit":
                    await self._desk.channel.edit(delivery.chat, part.message_ids[0], message.text, final=True)
                    await self._sent(delivery, part, Receipt(part.message_ids), message)
                else:
                    receipt = await self._desk.channel.send(message)
                    await self._sent(delivery, part, receipt, message, closes=closes)
            except Exception as error:  # handed on to whoever waits
                faults.append(error)

        task = self._desk.sends.start(work(), f"a part for {self._desk.account}")
        try:
            await asyncio.wait({task}, timeout=SEND_SECONDS)
        except asyncio.CancelledError:
            await asyncio.wait({task}, timeout=GRACE_SECONDS)
            raise
        finally:
            over = task.done()
            task.cancel()
        if faults:
            raise faults[0]
        if not over:
            raise TimeoutError

    async def _sent(
        self,
        delivery: StoredDelivery,
        part: StoredPart,
        receipt: Receipt,
        message: OutboundMessage,
        *,
        closes: bool = False,
    ) -> None:
        now = self._desk.now
        self._desk.status.outbound_at = now
        ids = receipt.message_ids
        if part.state == "edit":
            await self._outbox.mark_part(delivery.id, part.number, now, state="sent", message_ids=ids, error="")
            return
        await self._outbox.sent(delivery, part.number, ids, part.text[:_LONGEST_KEPT], now, closes=closes)
        shown = {"chat": delivery.lane, "text": message.text, "ids": list(receipt.message_ids), "role": part.role}
        await self._desk.publish(SENT, {**shown, "media": message.media.name if message.media else ""})

    async def _failed(self, delivery: StoredDelivery, part: StoredPart, failure: SendFailed, heard_at: float) -> bool:
        """Write down that a part was not sent, or perhaps. `heard_at`: when somebody had written last as it left. Whether the
        delivery goes on with the next part."""
        outcome = failure.outcome
        editing = part.state == "edit"
        if editing and outcome in ("refused", "unsupported", "too_long"):
            # What cannot be changed any more is said anew.
            await self._outbox.mark_part(delivery.id, part.number, self._desk.now, state="waiting", message_ids=())
            return False
        if outcome == "ambiguous" and not editing and not self._desk.kind.capabilities.repeats_safely:
            await self._unknown(delivery, part, failure.text)
            return True
        if outcome == "too_long" and not editing and await self._cut(delivery, part, failure):
            return False
        if outcome in ("refused", "unsupported", "too_long"):
            await self._fail(delivery, part, failure.text)
            return False
        values = {"state": "edit", "attempts": part.attempts + 1} if editing else {"state": "waiting"}
        await self._outbox.mark_part(delivery.id, part.number, self._desk.now, **values, error=_words(failure))
        if outcome == "needs_inbound":
            await self._park(delivery, failure.text, heard_at)
        elif outcome == "signed_out":
            self._desk.status.signed_out = True
            await self._desk.tell("signed_out", failure.text)
        else:
            await self._again(delivery, part, failure)
        return False

    async def _again(self, delivery: StoredDelivery, part: StoredPart, failure: SendFailed) -> None:
        now = self._desk.now
        if now - delivery.created_at > GIVE_UP_SECONDS:
            await self._fail(delivery, part, failure.text)
            return
        wait = min(_FIRST_WAIT * 2 ** min(part.attempts, 10), _LONGEST_WAIT)
        wait *= 0.75 + 0.5 * self._world.randomness.uniform()
        if failure.retry_after is not None:
            wait = max(wait, min(failure.retry_after, _LONGEST_RATE_WAIT))
        if failure.outcome == "rate_limited":
            self.not_before = self._world.clock.monotonic() + wait
        await self._outbox.mark(delivery.id, now, ready_at=now + wait, error=_words(failure))

    async def _cut(self, delivery: StoredDelivery, part: StoredPart, failure: SendFailed) -> bool:
        """Cut a part that is longer than the platform takes. False: it cannot be."""
        measure = self._desk.channel.measure
        limit = failure.limit if failure.limit is not None else measure(part.text) // 2
        pieces = chunks(part.text, limit, measure) if limit > 0 else []
        if part.media or len(pieces) < 2:
            return False
        drafts = [PartDraft(f"{part.id}.{number}", part.role, piece) for number, piece in enumerate(pieces)]
        last = replace(drafts[-1], buttons=part.buttons)
        await self._outbox.recut(delivery.id, part.number, [*drafts[:-1], last])
        return True

    async def _unknown(self, delivery: StoredDelivery, part: StoredPart, reason: Text | str) -> None:
        words = reason if isinstance(reason, str) else reason.render()
        await self._outbox.mark_part(delivery.id, part.number, self._desk.now, state="unknown", error=words)
        await self._desk.tell("unknown", reason, chat=delivery.lane, delivery=delivery.id)

    async def _fail(self, delivery: StoredDelivery, part: StoredPart, reason: Text | str) -> None:
        """Give a part up, and those behind it: half an answer would be worse than one that says where it ends."""
        now = self._desk.now
        words = reason if isinstance(reason, str) else reason.render()
        growing = delivery.state == "growing"
        for other in delivery.parts:
            if other.number == part.number or (other.number > part.number and not growing):
                await self._outbox.mark_part(delivery.id, other.number, now, state="failed", error=words)
        if not growing:
            await self._settle(delivery, "failed", words)
        await self._desk.tell("not_sent", reason, chat=delivery.lane, delivery=delivery.id)

    async def _park(self, delivery: StoredDelivery, reason: Text | str, heard_at: float) -> None:
        now, most = self._desk.now, self._desk.settings.quota.most_parked
        words = reason if isinstance(reason, str) else reason.render()
        if delivery.state == "growing":  # it is parked once it is whole: what is said of it meanwhile belongs to it
            await self._outbox.mark(delivery.id, now, ready_at=now + _GROWING_SECONDS, error=words)
            return
        parked = await self._outbox.parked(self._desk.account, delivery.lane)
        await self._outbox.mark(delivery.id, now, state="parked", error=words)
        self._parked.add(delivery.lane)
        for oldest in parked[: max(0, len(parked) + 1 - most)]:
            await self._settle(oldest, "failed", Text("channels.parked_too_many").render())
        known = await self._world.chats.get(self._desk.account, delivery.lane)
        if known is not None and known.last_inbound_at > heard_at:
            await self.unpark(delivery.lane)  # somebody has written just now, and may not for a long time
        elif not parked:
            await self._desk.tell("parked", reason, chat=delivery.lane, delivery=delivery.id)

    @property
    def quota(self) -> Quota:
        """How much may be said, by the settings, else as the channel knows it."""
        wanted, known = self._desk.settings.quota, self._desk.kind.capabilities.quota
        return Quota(
            known.messages if wanted.messages is None else wanted.messages or None,
            known.window_seconds if wanted.window_seconds is None else wanted.window_seconds or None,
        )

    async def tidy(self) -> None:
        """Give up what has been parked for too long."""
        if not self._parked:
            return
        now, most = self._desk.now, self._desk.settings.quota.parked_seconds
        for delivery in await self._outbox.parked(self._desk.account):
            if now - delivery.created_at > most:
                words = Text("channels.parked_too_long")
                await self._settle(delivery, "failed", words.render())
                await self._desk.tell("not_sent", words, chat=delivery.lane, delivery=delivery.id)


def spent(quota: Quota, sent: int, seconds: float) -> Text | None:
    """Why nothing more may be said: so many parts went out, and so long ago somebody wrote. None: it may."""
    if quota.window_seconds is not None and seconds > quota.window_seconds:
        return Text("channels.quota_window", {"hours": round(quota.window_seconds / 3600, 1)})
    if quota.messages is not None and sent >= quota.messages:
        return Text("channels.quota_messages", {"count": quota.messages})
    return None


def _words(failure: GatewayError) -> str:
    return failure.message()[:500]
