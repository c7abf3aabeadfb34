"""One speaker at a time: for protocols in which all words of a choice run into one string.

Parts of an answer may interleave. Where two of them are told in the same field, the later one waits until the earlier one
has ended; otherwise their words would be mixed. Hardly any upstream interleaves words, so a writer asks `holding` first
and tells deltas without further ado.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from crawdad.core.events import PartDelta, PartEnd, PartStart, StreamEvent

Lane = tuple[int, str]
"""A choice, and the field that its parts are told in."""


class TurnTaking:
    """Puts the events of parts that share a field into an order in which they do not interleave."""

    __slots__ = ("_fields", "_kept", "_lanes", "_speaking", "_waiting")

    def __init__(self, fields: Mapping[type, str]) -> None:
        """`fields` says for each kind of part the field that it is told in; other kinds never wait."""
        self._fields = fields
        self._speaking: dict[Lane, int] = {}
        self._lanes: dict[int, Lane] = {}
        self._waiting: dict[Lane, deque[int]] = {}
        self._kept: dict[int, list[StreamEvent]] = {}

    @property
    def holding(self) -> bool:
        """Whether any part is waiting."""
        return bool(self._kept)

    def order(self, event: StreamEvent) -> list[StreamEvent]:
        """The events that may be told now that `event` happened."""
        if isinstance(event, PartStart):
            return [event] if self._begins(event) else []
        if isinstance(event, (PartDelta, PartEnd)):
            kept = self._kept.get(event.index)
            if kept is not None:
                kept.append(event)
                return []
            if isinstance(event, PartEnd):
                return [event, *self._next(self._lanes.pop(event.index, None))]
        return [event]

    def _begins(self, event: PartStart) -> bool:
        field = self._fields.get(type(event.part))
        if field is None:
            return True
        lane = (event.choice, field)
        self._lanes[event.index] = lane
        if lane not in self._speaking:
            self._speaking[lane] = event.index
            return True
        self._waiting.setdefault(lane, deque()).append(event.index)
        self._kept[event.index] = [event]
        return False

    def _next(self, lane: Lane | None) -> list[StreamEvent]:
        """What the parts say that waited for this lane, up to one that has not ended yet."""
        events: list[StreamEvent] = []
        if lane is None:
            return events
        del self._speaking[lane]
        waiting = self._waiting.get(lane)
        while waiting:
            index = waiting.popleft()
            told = self._kept.pop(index)
            events += told
            if not isinstance(told[-1], PartEnd):
                self._speaking[lane] = index
                break
            del self._lanes[index]
        return events
