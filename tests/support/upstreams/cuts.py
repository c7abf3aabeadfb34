"""Ways to cut a body into chunks: as a network would, and as it never should but may."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

Cut = Callable[[bytes], Iterator[bytes]]


def whole(body: bytes) -> Iterator[bytes]:
    """One piece."""
    yield body


def events(body: bytes) -> Iterator[bytes]:
    """One SSE event (or, failing blank lines, everything) at a time."""
    start = 0
    while (end := body.find(b"\n\n", start)) >= 0:
        yield body[start : end + 2]
        start = end + 2
    if start < len(body):
        yield body[start:]


def every(size: int) -> Cut:
    """Pieces of `size` bytes: through characters, line ends and blank lines alike."""

    def cut(body: bytes) -> Iterator[bytes]:
        return (body[start : start + size] for start in range(0, len(body), size))

    return cut


def odd(seed: int, largest: int = 97) -> Cut:
    """Pieces of 1 to `largest` bytes; the same for the same seed."""

    def cut(body: bytes) -> Iterator[bytes]:
        lengths = random.Random(seed)
        start = 0
        while start < len(body):
            end = start + lengths.randint(1, largest)
            yield body[start:end]
            start = end

    return cut


def before_last_newline(body: bytes) -> Iterator[bytes]:
    """Each blank line is torn apart: its second line end comes with the next piece."""
    end = b"\r\n" if b"\r\n" in body else b"\n"
    first, *rest = body.split(end + end)
    piece = first
    for following in rest:
        yield piece + end
        piece = end + following
    yield piece


def inside_characters(body: bytes) -> Iterator[bytes]:
    """A cut after the first byte of every character that has more than one."""
    start = 0
    for position, byte in enumerate(body):
        if byte >= 0xC0:
            yield body[start : position + 1]
            start = position + 1
    if start < len(body):
        yield body[start:]
