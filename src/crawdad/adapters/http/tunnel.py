"""A way through an HTTP proxy for what it must not read: `CONNECT host:port`."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl

from crawdad.adapters.http.target import Target

_MOST_BYTES = 64 * 1024
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})[ \r]")


async def open_tunnel(
    opened: socket.socket, target: Target, proxy: Target, tls: ssl.SSLContext | None
) -> asyncio.Transport:
    """Ask the proxy at the other end of `opened` for a way to `target`. Raises `OSError` when it refuses."""
    loop = asyncio.get_running_loop()
    protocol = _Asking()
    name = proxy.host if tls else None
    transport, _ = await loop.create_connection(lambda: protocol, sock=opened, ssl=tls, server_hostname=name)
    try:
        transport.write(_request(target, proxy))
        await protocol.granted
    except BaseException:
        transport.abort()
        raise
    return transport


def _request(target: Target, proxy: Target) -> bytes:
    host = f"[{target.host}]" if ":" in target.host else target.host
    lines = [f"CONNECT {host}:{target.port} HTTP/1.1", f"Host: {host}:{target.port}"]
    if proxy.authorization is not None:
        lines.append(f"Proxy-Authorization: {proxy.authorization}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class _Asking(asyncio.Protocol):
    """Waits for the proxy's word. After it nothing may come: in TLS the client speaks first."""

    def __init__(self) -> None:
        self.granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._received = b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, rest = self._received.partition(b"\r\n\r\n")
        if not end and len(self._received) <= _MOST_BYTES:
            return
        status = _STATUS.match(head)
        if not status or not end:
            self._refuse("the proxy's answer is no HTTP")
        elif not status[1].startswith(b"2"):
            self._refuse(f"the proxy refuses: {status[1].decode()}")
        elif rest:
            self._refuse("the proxy's answer has more in it than a permission")
        elif not self.granted.done():
            self.granted.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._refuse(str(error or "the proxy closed the connection"))

    def _refuse(self, reason: str) -> None:
        if not self.granted.done():
            self.granted.set_exception(ConnectionError(reason))
