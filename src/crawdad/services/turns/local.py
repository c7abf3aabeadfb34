"""Sources inside this process: the demonstration model, agents."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol

from crawdad.core.events import StreamEvent
from crawdad.core.ports import ModelSource
from crawdad.services.catalogue import Offer
from crawdad.services.turns.turn import Turn
from crawdad.wire.compaction import in_plain_words


class LocalSource(Protocol):
    """Takes a turn with all that is known of it: who asks, from where, in which language."""

    def take(self, turn: Turn, offer: Offer) -> AsyncGenerator[list[StreamEvent], None]: ...


class PlainSource:
    """A model that needs no more than the request."""

    def __init__(self, source: ModelSource) -> None:
        self._source = source

    async def take(self, turn: Turn, offer: Offer) -> AsyncGenerator[list[StreamEvent], None]:
        """The answer, event by event."""
        async for event in self._source.take(in_plain_words(turn.request)):
            yield [event]
