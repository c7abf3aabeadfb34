"""Reading and writing a pipe or a terminal without keeping the event loop waiting."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import struct
import termios
from collections.abc import Callable
from contextlib import suppress

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

_PIECE = 65_536
_MOST_LEFT = 1 << 20
"""How much is read after the end that `finish` declares: somebody else may go on writing for ever."""
_WRITE_SECONDS = 10.0


class Descriptor:
    """One end of a pipe, or a terminal. One reader and one writer at a time."""

    def __init__(self, number: int) -> None:
        os.set_blocking(number, False)
        self._number = number
        self._over = False
        self._left = _MOST_LEFT
        self._waiting: asyncio.Future[None] | None = None
        self.closed = False

    async def read(self) -> bytes:
        """What there is, at least a byte; empty at the end, or after `finish` when nothing is left."""
        while not self.closed and self._left > 0:
            try:
                data = self._gathered(os.read(self._number, _PIECE))
                self._left -= len(data) if self._over else 0
                return data
            except BlockingIOError:
                if self._over:
                    return b""
                loop = asyncio.get_running_loop()
                await self._ready(loop.add_reader, loop.remove_reader)
            except OSError as error:
                if error.errno == errno.EIO:  # how a terminal says that the other side is gone
                    return b""
                raise
        return b""

    def _gathered(self, data: bytes) -> bytes:
        """With what stands behind it already: a terminal gives no more than a page of memory at a time."""
        pieces, room = [data], _PIECE - len(data)
        with suppress(OSError):  # nothing more yet, or the end, which the next reading tells
            while pieces[-1] and room > 0:
                pieces.append(os.read(self._number, room))
                room -= len(pieces[-1])
        return b"".join(pieces)

    async def write(self, data: bytes) -> None:
        """All of it. Raises CONFLICT when nobody takes it."""
        rest = memoryview(data)
        try:
            async with asyncio.timeout(_WRITE_SECONDS):
                while rest:
                    if self.closed:
                        raise _gone()
                    try:
                        rest = rest[os.write(self._number, rest[:_PIECE]) :]
                    except BlockingIOError:
                        loop = asyncio.get_running_loop()
                        await self._ready(loop.add_writer, loop.remove_writer)
        except (OSError, TimeoutError):
            raise _gone() from None

    def resize(self, columns: int, rows: int) -> None:
        """Of a terminal: how large it is."""
        if not self.closed:
            set_size(self._number, columns, rows)

    def finish(self) -> None:
        """Whoever reads gets what is left and then the end, though others may still hold the other side."""
        self._over = True
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def close(self) -> None:
        """Let go of it."""
        if not self.closed:
            self.finish()
            self.closed = True
            os.close(self._number)

    async def _ready(self, add: Callable[..., object], remove: Callable[[int], object]) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting = future
        add(self._number, _settle, future)
        try:
            await future
        finally:
            self._waiting = None
            if not self.closed:
                remove(self._number)


def set_size(number: int, columns: int, rows: int) -> None:
    """How large a terminal is; numbers of 16 bits."""
    fcntl.ioctl(number, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _gone() -> GatewayError:
    return GatewayError(ErrorKind.CONFLICT, Text("exec.takes_no_input"), {"code": "no_input"})
