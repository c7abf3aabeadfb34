"""What a service manager is told while it waits: `sd_notify(3)` of systemd, over the socket that NOTIFY_SOCKET names.

Without the variable every call does nothing. What cannot be sent is given up: the service manager's own time-out tells then.
Standard library only.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import MutableMapping
from typing import Any

_VARIABLES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
_MICROSECONDS = 1_000_000


class Notice:
    """The socket of one process. `address` is a path, or an abstract name after an `@`; `watchdog` is the time in seconds
    after which silence counts as death."""

    def __init__(self, address: str = "", watchdog: float | None = None) -> None:
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._every = watchdog / 2 if watchdog and address else None
        self._next = 0.0

    @classmethod
    def take(cls, environment: MutableMapping[str, str]) -> Notice:
        """That of this process. The variables are taken out: what it starts must not speak in its name."""
        address, microseconds, pid = (environment.pop(name, "") for name in _VARIABLES)
        meant = not pid or pid == str(os.getpid())
        seconds = int(microseconds) / _MICROSECONDS if microseconds.isdigit() and meant else None
        return cls(address if address[:1] in ("/", "@") else "", seconds)

    def ready(self) -> None:
        """It serves: after the start, and after every `reloading`."""
        self._send(READY=1)

    def reloading(self) -> None:
        """What serves is being replaced; `ready` follows, whether or not that worked."""
        self._send(RELOADING=1, MONOTONIC_USEC=time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000)

    def stopping(self, seconds: float) -> None:
        """It is on its way out, which takes up to `seconds`: the service manager waits that long, whatever its unit says."""
        self._send(STOPPING=1, EXTEND_TIMEOUT_USEC=int(seconds * _MICROSECONDS))

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._send(STATUS=text.replace("\n", " "))

    def due(self) -> float | None:
        """When the next `alive` is wanted (monotonic seconds); None where nobody waits for one."""
        return self._next if self._every is not None else None

    def alive(self, now: float) -> None:
        """A sign of life, where one is due."""
        if self._every is not None and now >= self._next:
            self._next = now + self._every
            self._send(WATCHDOG=1)

    def _send(self, **facts: Any) -> None:
        if not self._address:
            return
        message = "\n".join(f"{key}={value}" for key, value in facts.items()).encode()
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto(message, self._address)
