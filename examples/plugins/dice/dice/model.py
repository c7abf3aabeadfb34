"""A model that answers every question with a roll."""

from __future__ import annotations

from collections.abc import AsyncIterator

from crawdad.core.events import MessageEnd, MessageStart, PartDelta, PartEnd, PartStart, Stop, StreamEvent
from crawdad.core.parts import TextPart
from crawdad.core.request import ModelRequest
from crawdad.core.usage import Usage
from dice.rolling import roll


class Oracle:
    """A model source: it answers event by event."""

    async def take(self, request: ModelRequest) -> AsyncIterator[StreamEvent]:
        yield MessageStart(model="oracle")
        yield PartStart(0, TextPart())
        yield PartDelta(0, f"The dice say {roll(1, 6)[0]}.")
        yield PartEnd(0)
        yield MessageEnd(Stop("end"), Usage(input_tokens=1, output_tokens=5))
