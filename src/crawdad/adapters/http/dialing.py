"""Opening connections: look the name up, try its addresses, go through the proxy, speak TLS."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from functools import cached_property

from crawdad.adapters.http.connection import Connection
from crawdad.adapters.http.names import Address, Names
from crawdad.adapters.http.target import Target
from crawdad.adapters.http.tunnel import open_tunnel

_HEAD_START_SECONDS = 0.25
"""How long an address is tried before the next one is tried beside it (RFC 8305)."""

Check = Callable[[Sequence[str]], None]
"""Raises unless all of these addresses may be connected to."""


class Dialer:
    """Opens connections. What `check` is given are the addresses that are then connected to."""

    def __init__(self) -> None:
        self._names = Names()

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.set_alpn_protocols(["http/1.1"])
        return context

    async def open(
        self, target: Target, proxy: Target | None, seconds: float, check: Check | None, connection: Connection
    ) -> None:
        """Connect `connection` within `seconds`. Raises `OSError`, `TimeoutError`, and what `check` raises."""
        loop = asyncio.get_running_loop()
        first = proxy or target
        async with asyncio.timeout(seconds):
            opened = await self._socket(first, check)
            try:
                if proxy is not None and target.secure:
                    tls = self._tls if proxy.secure else None
                    transport = await open_tunnel(opened, target, proxy, tls)
                    try:
                        secure = await loop.start_tls(transport, connection, self._tls, server_hostname=_sni(target))
                    except BaseException:
                        transport.abort()
                        raise
                    assert secure is not None
                    connection.connection_made(secure)
                else:
                    tls = self._tls if first.secure else None
                    await loop.create_connection(
                        lambda: connection, sock=opened, ssl=tls, server_hostname=_sni(first) if tls else None
                    )
            except BaseException:
                connection.abort()
                opened.close()
                raise

    async def _socket(self, target: Target, check: Check | None) -> socket.socket:
        addresses = await self._names.addresses(target.host, target.port)
        if check is not None:
            check([str(address[0]) for _, address in addresses])
        try:
            return await _first_to_connect(addresses)
        except OSError:
            self._names.forget(target.host, target.port)
            raise

    async def close(self) -> None:
        """End look-ups that still run."""
        await self._names.close()


def _sni(target: Target) -> str:
    return target.host.rstrip(".").partition("%")[0]


async def _first_to_connect(addresses: list[Address]) -> socket.socket:
    """A socket that is connected to the first address that answers; the next one gets its chance when one is slow."""
    if len(addresses) == 1:
        return await _connect(addresses[0])
    loop = asyncio.get_running_loop()
    left = list(addresses)
    running: set[asyncio.Task[socket.socket]] = set()
    failure: BaseException | None = None
    winner: socket.socket | None = None
    try:
        while winner is None and (left or running):
            if left:
                running.add(loop.create_task(_connect(left.pop(0))))
            wait = _HEAD_START_SECONDS if left else None
            done, running = await asyncio.wait(running, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                failure = task.exception()
                if failure is None and winner is None:
                    winner = task.result()
                elif failure is None:
                    task.result().close()
    finally:
        for task in running:
            task.cancel()
        for late in await asyncio.gather(*running, return_exceptions=True):
            if isinstance(late, socket.socket):
                late.close()
    if winner is None:
        raise failure or OSError("no address answers")
    return winner


async def _connect(address: Address) -> socket.socket:
    opened = socket.socket(address[0], socket.SOCK_STREAM)
    try:
        opened.setblocking(False)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(opened, address[1])
    except BaseException:
        opened.close()
        raise
    return opened
