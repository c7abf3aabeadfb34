"""Server-sent events: the framing that all streamed answers share.

Source: WHATWG HTML, section 9.2 "Server-sent events".
"""

from __future__ import annotations

import re

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

MAX_EVENT_BYTES = 32 * 1024 * 1024
"""An event may be this large (an image in base64 fits); beyond it the upstream is considered broken."""

MARK = b"\xef\xbb\xbf"
"""The byte order mark that some put in front of a text."""
_BOUNDARY = re.compile(rb"\r\n\r\n|\n\n|\r\r|\r\n\n|\n\r\n|\n\r(?!\n)|\r\n\r(?!\n)")


class SseSplitter:
    """Cuts a byte stream into raw events, each with its terminating blank line. Any cut of the input gives the same events.

    Raises `GatewayError` (UPSTREAM_BROKEN) when an event grows beyond `MAX_EVENT_BYTES`.
    """

    __slots__ = ("_begun", "_buffer", "_pieces", "_scanned", "_size")

    def __init__(self) -> None:
        self._begun = False
        self._buffer = b""
        self._scanned = 0
        self._pieces: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """The events that `chunk` completes."""
        if not self._begun:
            chunk = self._begin(chunk)
        if chunk and not self._may_end(chunk):
            return self._wait(chunk)  # no blank line here, so no event ends: keep the pieces apart, copying once
        if self._pieces:
            chunk = b"".join((*self._pieces, chunk))
            self._pieces, self._size = [], 0
        buffer = self._buffer + chunk if self._buffer else chunk
        if b"\r" not in buffer:
            return self._feed_plain(buffer)
        return self._feed_any(buffer)

    def _may_end(self, chunk: bytes) -> bool:
        """Whether a blank line may lie in `chunk`, or across what is held and `chunk`."""
        held = self._pieces[-1] if self._pieces else self._buffer
        if b"\r" in chunk or held.endswith(b"\r"):
            return not held or _BOUNDARY.search(self._tail() + chunk) is not None
        return b"\n\n" in chunk or (chunk.startswith(b"\n") and held.endswith(b"\n"))

    def _tail(self) -> bytes:
        """The end of what is held: as much of it as a blank line that is not complete yet may take."""
        tail = b""
        for piece in reversed(self._pieces):
            tail = piece[-3:] + tail
            if len(tail) >= 3:
                return tail
        return self._buffer[-3:] + tail

    def _begin(self, chunk: bytes) -> bytes:
        """Without the byte order mark that a stream may begin with."""
        chunk = self.close() + chunk
        self._begun = len(chunk) >= len(MARK) or not MARK.startswith(chunk)
        return chunk.removeprefix(MARK)

    def _feed_plain(self, buffer: bytes) -> list[bytes]:
        end = buffer.rfind(b"\n\n", max(0, self._scanned - 1))
        if end < 0:
            self._keep(buffer, len(buffer))
            return []
        head, rest = buffer[:end], buffer[end + 2 :]
        # A third newline in a row is an empty line of its own; it stays in front of the next event and is harmless.
        events = [event + b"\n\n" for event in head.split(b"\n\n")]
        self._keep(rest, len(rest))
        return events

    def _feed_any(self, buffer: bytes) -> list[bytes]:
        if buffer.endswith(b"\r\n\r\n") and b"\r\n\r\n\r\n" not in buffer:
            lines = buffer.count(b"\r\n")
            if (
                buffer.count(b"\n") == lines == buffer.count(b"\r")
            ):  # whole events with CR LF throughout: the usual case
                self._keep(b"", 0)
                return [event + b"\r\n\r\n" for event in buffer[:-4].split(b"\r\n\r\n")]
        events: list[bytes] = []
        position = 0
        start = max(0, self._scanned - 3)
        for match in _BOUNDARY.finditer(buffer, start):
            if match.end() == len(buffer) and buffer.endswith(b"\r"):
                break  # the next byte may be the \n that belongs to this line end
            events.append(buffer[position : match.end()])
            position = match.end()
        self._keep(buffer[position:], len(buffer) - position)
        return events

    def _wait(self, chunk: bytes) -> list[bytes]:
        if len(self._buffer) + self._size + len(chunk) > MAX_EVENT_BYTES:
            raise GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("upstream.unreadable", {"reason": "event too large"}))
        self._pieces.append(chunk)
        self._size += len(chunk)
        return []

    def _keep(self, rest: bytes, scanned: int) -> None:
        if len(rest) > MAX_EVENT_BYTES:
            raise GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("upstream.unreadable", {"reason": "event too large"}))
        self._buffer = rest
        self._scanned = scanned

    def close(self) -> bytes:
        """What was left without a blank line after it. A stream that ends so is still read by most vendors' clients."""
        rest = b"".join((self._buffer, *self._pieces))
        self._buffer, self._scanned, self._pieces, self._size = b"", 0, [], 0
        return rest


def event_data(event: bytes) -> bytes | None:
    """The data of one raw event, lines joined by a newline; None where there is none to tell (a comment, a bare name)."""
    if event.startswith(b"data: ") and event.count(b"\n") <= 2 and b"\r" not in event:
        return event[6:].rstrip(b"\n") or None
    if event.startswith(b"event: ") and event.endswith(b"\n\n") and event.count(b"\n") == 3 and b"\r" not in event:
        _, mark, data = event.partition(b"\ndata: ")
        if mark:  # a name and one line of data, which is how nearly all named events look
            return data[:-2] or None
    if event.startswith(b"data: ") and event.endswith(b"\r\n\r\n") and event.count(b"\n") == event.count(b"\r") == 2:
        return event[6:-4] or None
    lines = [line for line in re.split(rb"\r\n|\n|\r", event) if line.startswith(b"data")]
    values = []
    for line in lines:
        name, _, value = line.partition(b":")
        if name == b"data":
            values.append(value[1:] if value.startswith(b" ") else value)
    return b"\n".join(values) or None


def event_name(event: bytes) -> bytes:
    """The `event:` name of one raw event, empty where it has none."""
    for line in re.split(rb"\r\n|\n|\r", event):
        if line.startswith(b"event:"):
            return line[6:].strip()
    return b""


class SseReader:
    """Gives the data of each complete event. `close` gives the data of an unterminated last event, if any."""

    __slots__ = ("_splitter",)

    def __init__(self) -> None:
        self._splitter = SseSplitter()

    def feed(self, chunk: bytes) -> list[bytes]:
        """The data payloads that `chunk` completes."""
        return [data for event in self._splitter.feed(chunk) if (data := event_data(event)) is not None]

    def close(self) -> list[bytes]:
        """The data payload of a last event without its blank line."""
        rest = self._splitter.close()
        data = event_data(rest + b"\n\n") if rest.strip() else None
        return [] if data is None else [data]
