"""Signals as something that a selector waits for."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator

_HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


class Signals:
    """The signals that this process handles, in the order in which they came. `connection` is readable when one has."""

    def __init__(self) -> None:
        self.connection, self._writer = socket.socketpair()
        self.connection.setblocking(False)
        self._writer.setblocking(False)
        self._received: list[int] = []
        for number in _HANDLED:
            signal.signal(number, lambda number, _frame: self._received.append(number))
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)

    def heard(self) -> None:
        """The selector has told of it."""
        self.connection.recv(4096)

    def take(self) -> Iterator[int]:
        """Those that came since."""
        while self._received:
            yield self._received.pop(0)
