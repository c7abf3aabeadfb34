"""From configured addresses to listening sockets. Standard library only: the supervisor owns these sockets."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterable, Sequence

BACKLOG = 2048
_PAIRS = {"loopback": ("127.0.0.1", "::1"), "lan": ("0.0.0.0", "::")}
_NO_SUCH_FAMILY = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT}
_TRIES_FOR_A_FREE_PAIR = 20


class AddressError(Exception):
    """An address cannot be listened on. `number` is the errno: EADDRINUSE when another program holds the port."""

    def __init__(self, host: str, port: int, number: int) -> None:
        super().__init__(f"{host} port {port}: {os.strerror(number)}")
        self.host, self.port, self.number = host, port, number


class Listeners:
    """The open listening sockets by what was asked for, so that asking again gives the same ones (port 0 too)."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], list[socket.socket]] = {}

    def provide(self, bind: str, ports: Iterable[int]) -> list[socket.socket]:
        """The sockets for `bind` (`loopback`, `lan` or an address) and `ports`, opening those that are missing.

        Raises `AddressError`; what was opened before then stays open until `keep` or `close`.
        """
        for port in ports:
            if (bind, port) not in self._open:
                self._open[bind, port] = open_port(bind, port)
        return [each for port in dict.fromkeys(ports) for each in self._open[bind, port]]

    def keep(self, bind: str, ports: Sequence[int]) -> None:
        """Close every socket but those for `bind` and `ports`."""
        for key in [key for key in self._open if key[0] != bind or key[1] not in ports]:
            _close(self._open.pop(key))

    def close(self) -> None:
        """Stop listening; connections not yet accepted by any process are reset."""
        for sockets in self._open.values():
            _close(sockets)
        self._open.clear()

    def addresses(self) -> list[tuple[str, int]]:
        """Host and real port of every open socket."""
        return [each.getsockname()[:2] for sockets in self._open.values() for each in sockets]


def open_port(bind: str, port: int) -> list[socket.socket]:
    """Listen on one port of `bind`: IPv4 and, where the machine has it, IPv6 on the same port number."""
    hosts = _PAIRS.get(bind)
    if hosts is None:
        return [_listen(bind, port)]
    for attempt in range(_TRIES_FOR_A_FREE_PAIR):
        first = _listen(hosts[0], port)
        try:
            return [first, _listen(hosts[1], first.getsockname()[1])]
        except AddressError as error:
            if error.number in _NO_SUCH_FAMILY:
                return [first]
            first.close()
            if port or attempt == _TRIES_FOR_A_FREE_PAIR - 1:
                raise
    raise AssertionError("unreachable")


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except socket.gaierror as error:
        raise AddressError(host, port, errno.EADDRNOTAVAIL) from error
    listener: socket.socket | None = None
    try:
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted connections inherit these: small writes leave at once, and vanished peers are noticed.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        if listener is not None:
            listener.close()
        raise AddressError(host, port, error.errno or errno.EINVAL) from error
    return listener


def _close(sockets: Iterable[socket.socket]) -> None:
    for each in sockets:
        each.close()
