"""The two ways Google streams response objects to clients: server-sent events (`alt=sse`) and one JSON array.

An express-lane stream that came as events can be handed to a client of the array form by framing each event's data.
"""

from __future__ import annotations

from typing import Protocol


class Framing(Protocol):
    """Puts response objects, already JSON, into a stream."""

    def frame(self, data: bytes) -> bytes:
        """One response object in its frame."""

    def end(self) -> bytes:
        """What follows the last one."""

    def ping(self) -> bytes:
        """Something that keeps the connection alive and means nothing."""


class SseFraming:
    """Each object is the data of one event. Google ends lines with CR LF."""

    __slots__ = ()

    def frame(self, data: bytes) -> bytes:
        """One event."""
        return b"data: " + data + b"\r\n\r\n"

    def end(self) -> bytes:
        """Nothing: the stream just ends."""
        return b""

    def ping(self) -> bytes:
        """An empty line. Google's Python SDK takes comment lines for broken JSON, so a comment will not do."""
        return b"\r\n"


class ArrayFraming:
    """The objects are the elements of one array, which grows."""

    __slots__ = ("_opened",)

    def __init__(self) -> None:
        self._opened = False

    def frame(self, data: bytes) -> bytes:
        """One element, with the bracket or comma before it."""
        before = b",\r\n" if self._opened else b"["
        self._opened = True
        return before + data

    def end(self) -> bytes:
        """The closing bracket."""
        return b"]" if self._opened else b"[]"

    def ping(self) -> bytes:
        """White space, which JSON allows between elements."""
        return b"\n"
