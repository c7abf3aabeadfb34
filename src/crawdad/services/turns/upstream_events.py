"""An upstream's streamed answer as events."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from crawdad.core.events import StreamEvent
from crawdad.core.ports import UpstreamAnswer
from crawdad.wire.codec import Codec
from crawdad.wire.profile import Profile


async def translated_stream(
    answer: UpstreamAnswer, codec: Codec, profile: Profile
) -> AsyncGenerator[list[StreamEvent], None]:
    """Batches of events, one batch for each piece of bytes that completes any. Raises what the reader raises."""
    reader = codec.stream_reader(profile)
    chunks = answer.chunks()
    try:
        async for chunk in chunks:
            events = reader.feed(chunk)
            if events:
                yield events
        events = reader.close()
        if events:
            yield events
    finally:
        await answer.close()
