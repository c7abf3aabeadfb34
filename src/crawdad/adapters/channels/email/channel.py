"""One mailbox: letters are looked for at intervals, kept, and then marked as read; answers go into their conversation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

import structlog

from crawdad.adapters.channels.email.mailbox import Mailbox, Standing, hand_over
from crawdad.adapters.channels.email.settings import EmailSettings
from crawdad.adapters.channels.reconnecting import keep_connected
from crawdad.core.channels import (
    Channel,
    ChannelContext,
    InboundMedia,
    InboundMessage,
    OutboundMessage,
    Receipt,
    SignedOut,
)
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text
from crawdad.wire.email.answers import answer_of, mark_of, recipient_of
from crawdad.wire.email.letters import letter_of, part_of, read_event

_CURSOR = "cursor"
_MOST_AT_ONCE = 20
_MOST_BYTES = 40 * 1024 * 1024
Found = TypeVar("Found")

_log = structlog.get_logger(__name__)


class EmailChannel(Channel):
    """The transport of one mailbox."""

    def __init__(self, context: ChannelContext) -> None:
        settings = context.settings
        assert isinstance(settings, EmailSettings)
        self._context = context
        self._settings = settings

    # ---- receiving

    async def run(self) -> None:
        """Look into the mailbox, at intervals."""
        await keep_connected(self._context, self._look_for_ever, Text("email.cut"))

    async def _look_for_ever(self) -> bool:
        if not self._settings.imap_password:
            raise SignedOut(Text("email.no_login"))
        while True:
            while await self._look():
                pass
            self._context.heard(self._settings.address)
            await self._context.clock.sleep(self._settings.poll_interval_seconds)

    async def _look(self) -> bool:
        """Take what has come; whether there is more."""
        kept = await self._context.state.get(_CURSOR) or {}
        standing = Standing(int(kept.get("validity") or 0), int(kept.get("last") or 0))
        found, letters, more = await self._in_thread(lambda box: self._collect(box, standing))
        if letters:
            await self._context.admit(*letters)
        if found != standing:
            await self._context.state.put(_CURSOR, {"validity": found.validity, "last": found.last})
        if letters:
            numbers = [int(one["uid"]) for one in letters]
            await self._in_thread(lambda box: box.seen(*numbers))
        return more

    def _collect(self, box: Mailbox, standing: Standing) -> tuple[Standing, list[JsonObject], bool]:
        if box.validity != standing.validity:
            # A mailbox that was never looked into, or numbers its letters anew: what is in it is old.
            return Standing(box.validity, box.next_uid - 1), [], False
        numbers = box.after(standing.last)
        letters = []
        for uid in numbers[:_MOST_AT_ONCE]:
            raw = box.letter(uid, head=box.size(uid) > _MOST_BYTES)
            if raw:
                place = {"validity": box.validity, "uid": uid}
                letters.append(_letter(raw, place, self._settings.authserv_id))
        last = max(numbers[:_MOST_AT_ONCE], default=standing.last)
        return Standing(box.validity, last), letters, len(numbers) > _MOST_AT_ONCE

    async def _in_thread(self, work: Callable[[Mailbox], Found]) -> Found:
        """Do something in the mailbox; when we are cancelled the connection is cut, so that no thread stays behind."""
        box = Mailbox(self._settings)

        def at_work() -> Found:
            with box:
                return work(box)

        try:
            return await asyncio.to_thread(at_work)
        except asyncio.CancelledError:
            box.cut()
            raise

    def read(self, event: JsonObject) -> InboundMessage | None:
        """What a letter says. Our own are none of our business."""
        return None if event["from"] == self._settings.address else read_event(event)

    async def fetch(self, media: InboundMedia, limit: int) -> AsyncIterator[bytes]:
        """The bytes of an attachment."""
        uid, validity, part = (int(media.handle[name]) for name in ("uid", "validity", "part"))

        def look(box: Mailbox) -> bytes:
            if box.validity != validity:
                raise GatewayError(ErrorKind.NOT_FOUND, Text("email.gone"))
            if box.size(uid) > 2 * limit + 65_536:  # base64 makes a third more of it
                raise GatewayError(ErrorKind.TOO_LARGE, f"> {limit}")
            raw = box.letter(uid)
            try:
                return part_of(raw, part)
            except LookupError:
                raise GatewayError(ErrorKind.NOT_FOUND, Text("email.gone")) from None

        data = await self._in_thread(look)
        if len(data) > limit:
            raise GatewayError(ErrorKind.TOO_LARGE, f"> {limit}")
        yield data

    # ---- sending

    async def send(self, message: OutboundMessage) -> Receipt:
        """Send one part as a letter of its own."""
        settings = self._settings
        now = self._context.clock.now()
        letter = answer_of(message, settings.address, settings.from_name, now, settings.subject)
        await asyncio.to_thread(hand_over, settings, letter, recipient_of(message))
        return Receipt((mark_of(message.id, settings.address),))

    async def probe(self) -> JsonObject:
        """Whether the mailbox opens now."""
        validity = await self._in_thread(lambda box: box.validity)
        return {"name": self._settings.address, "uidvalidity": validity}

    async def sign_out(self) -> None:
        """Forget how far the mailbox was read."""
        await self._context.state.delete(_CURSOR)


def _letter(raw: bytes, place: JsonObject, vouching: str) -> JsonObject:
    """A letter as it is kept; one that cannot be read holds up none of the others, and is kept for people to look at."""
    try:
        return letter_of(raw, place, vouching)
    except Exception as error:  # anybody may send anything
        _log.warning("email_not_read", reason=type(error).__name__, uid=place["uid"])
        return {**place, "unreadable": type(error).__name__}
