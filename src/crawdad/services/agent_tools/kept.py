"""Answers kept for a while, so that the same question is not asked twice in a row."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from crawdad.core.ports import Clock

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """At most `most` values, the oldest let go of first."""

    def __init__(self, clock: Clock, most: int = 100) -> None:
        self._clock = clock
        self._most = most
        self._values: OrderedDict[Hashable, tuple[float, Value]] = OrderedDict()

    def get(self, key: Hashable) -> Value | None:
        """The value, unless its time is over."""
        found = self._values.get(key)
        if found is None or found[0] <= self._clock.monotonic():
            self._values.pop(key, None)
            return None
        return found[1]

    def put(self, key: Hashable, value: Value, minutes: float) -> None:
        """Keep a value. Of no minutes nothing is kept."""
        if minutes <= 0:
            return
        self._values.pop(key, None)
        self._values[key] = (self._clock.monotonic() + minutes * 60, value)
        while len(self._values) > self._most:
            self._values.popitem(last=False)
