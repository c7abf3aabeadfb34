"""An upstream's streamed answer as events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.events import MessageEnd, StreamEvent
from crawdad.core.ports import UpstreamAnswer
from crawdad.core.text import Text
from crawdad.services.catalogue import Offer
from crawdad.wire.codec import Codec

_FAREWELL_SECONDS = 1.0


async def translated_stream(
    answer: UpstreamAnswer, codec: Codec, offer: Offer
) -> AsyncGenerator[list[StreamEvent], None]:
    """Batches of events, one batch for each piece of bytes that completes any. Raises what the reader raises, and what the
    transport does, unless the answer was told to its end before that."""
    reader = codec.stream_reader(offer.profile)
    chunks = answer.chunks()
    patience = Patience(offer)
    lost: GatewayError | None = None
    try:
        while True:
            try:
                chunk = await anext(chunks, None)
            except GatewayError as error:
                lost = error
                break
            if chunk is None:
                break
            events = reader.feed(chunk)
            if events:
                patience.rewarded = True
                yield events
                if isinstance(events[-1], MessageEnd):
                    await see_off(chunks)
                    return
            patience.check()
        try:
            events = reader.close()
        except GatewayError:
            if lost is not None:
                raise lost from None
            raise
        if events:
            yield events
    finally:
        await answer.close()


class Patience:
    """Ends the wait for a first event where bytes keep coming that tell nothing. Silence is the transport's to notice."""

    __slots__ = ("_deadline", "_now", "_offer", "rewarded")

    def __init__(self, offer: Offer) -> None:
        self._offer = offer
        self._now = asyncio.get_running_loop().time
        self._deadline = self._now() + offer.provider.timeouts.first_byte
        self.rewarded = False

    def check(self) -> None:
        """Raise UPSTREAM_TIMEOUT when the first event is overdue."""
        if not self.rewarded and self._now() > self._deadline:
            raise GatewayError(
                ErrorKind.UPSTREAM_TIMEOUT, Text("upstream.no_event", {"source": self._offer.provider.id})
            )


async def see_off(chunks: AsyncIterator[bytes]) -> None:
    """Read what comes after the end, for a moment: a connection whose answer was read out can be used again.

    The answer is complete: nothing that goes wrong now is the client's concern, nor does it wait for an upstream that does
    not hang up.
    """
    with suppress(GatewayError, TimeoutError):
        async with asyncio.timeout(_FAREWELL_SECONDS):
            async for _ in chunks:
                pass
