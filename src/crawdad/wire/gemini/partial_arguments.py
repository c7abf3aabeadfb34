"""Function arguments that Vertex streams value by value (`streamFunctionCallArguments`).

Each partial argument names its place by a JSON path (`$.foo.bar[0]`, RFC 9535) and brings a value or more of a string.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from crawdad.core.parts import JsonObject
from crawdad.wire.fields import unreadable
from crawdad.wire.sse import MAX_EVENT_BYTES

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d{1,6})\]|\['([^']*)'\]|\[\"([^\"]*)\"\]")
_VALUES = ("stringValue", "numberValue", "boolValue", "nullValue")
_MAX_STEPS = 64


class PartialArguments:
    """Arguments while they grow. A string that comes in many pieces is put together once, at the end."""

    __slots__ = ("_growing", "_size", "_value", "index")

    def __init__(self, index: int, arguments: Any) -> None:
        self.index = index
        self._value: JsonObject = dict(arguments) if isinstance(arguments, dict) else {}
        self._growing: dict[tuple[str | int, ...], tuple[Any, str | int, list[str]]] = {}
        self._size = 0

    @property
    def value(self) -> JsonObject:
        """The arguments so far."""
        for target, step, pieces in self._growing.values():
            _put(target, step, "".join(pieces))
        return self._value

    def add(self, partials: Any) -> None:
        """Take in `partialArgs`. Raises UPSTREAM_BROKEN when they grow without end."""
        for partial in partials if isinstance(partials, list) else ():
            path = partial.get("jsonPath") if isinstance(partial, dict) else None
            kind = next((name for name in _VALUES if name in partial), None) if isinstance(path, str) else None
            if path is None or kind is None:
                continue
            value = None if kind == "nullValue" else partial[kind]
            self._size += len(path) + (len(value) if isinstance(value, str) else 8)
            if self._size > MAX_EVENT_BYTES:
                raise unreadable("function arguments too large")
            self._set(_steps(path), value, kind == "stringValue")

    def _set(self, steps: list[str | int], value: Any, more: bool) -> None:
        if not steps:
            return
        growing = self._growing.get(tuple(steps))
        if growing is not None and more and isinstance(value, str):
            growing[2].append(value)
            return
        target: Any = self._value
        for step, following in pairwise(steps):
            empty: Any = [] if isinstance(following, int) else {}
            target = _enter(target, step, empty)
        last = steps[-1]
        earlier = _look(target, last)
        _put(target, last, value)
        if isinstance(target, list) and isinstance(last, int):
            last = min(last, len(target) - 1)
        self._growing.pop(tuple(steps), None)
        if more and isinstance(value, str):
            # What grew below a place that holds something else now goes on in what was put aside, where nobody sees it.
            self._growing[tuple(steps)] = (target, last, [earlier, value] if isinstance(earlier, str) else [value])


def _steps(path: str) -> list[str | int]:
    steps: list[str | int] = []
    for match in _STEP.finditer(path):
        name = next(group for group in match.groups() if group is not None)
        steps.append(int(name) if match.group(2) is not None else name)
        if len(steps) > _MAX_STEPS:
            raise unreadable("function arguments nested too deeply")
    return steps


def _look(target: Any, step: str | int) -> Any:
    if isinstance(target, dict):
        return target.get(str(step))
    return target[step] if isinstance(target, list) and isinstance(step, int) and step < len(target) else None


def _put(target: Any, step: str | int, value: Any) -> None:
    if isinstance(target, dict):
        target[str(step)] = value
    elif isinstance(target, list) and isinstance(step, int):
        if step < len(target):
            target[step] = value
        else:  # arrays fill in order; a gap could only be a fault
            target.append(value)


def _enter(target: Any, step: str | int, empty: Any) -> Any:
    found = _look(target, step)
    if not isinstance(found, (dict, list)):
        found = empty
        _put(target, step, found)
    return found
