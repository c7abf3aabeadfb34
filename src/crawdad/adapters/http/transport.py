"""`core.ports.Transport`: kept connections, time-outs in every phase, back-pressure from reader to upstream."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from crawdad.adapters.http.answer import HttpAnswer, broken, host_of
from crawdad.adapters.http.connection import Connection, StaleConnection
from crawdad.adapters.http.dialing import Dialer
from crawdad.adapters.http.guard import check_addresses, check_url, redirect_of, refused
from crawdad.adapters.http.pool import Place, Pool
from crawdad.adapters.http.request_head import request_head
from crawdad.adapters.http.target import Target, target_of
from crawdad.core.errors import ErrorKind, GatewayError, NotReached
from crawdad.core.ports import UpstreamCall
from crawdad.core.text import Text

MAX_REDIRECTS = 3
_MOST_GUARDED = 64


class HttpTransport:
    """The one HTTP client of the process. Use as an async context manager.

    `private_networks` tells, at the time of each guarded call, whether URLs named by clients may be private. Guarded calls
    take no proxy and no kept connection: each connects to an address that was looked at for it.
    """

    def __init__(self, user_agent: str, private_networks: Callable[[], bool] = lambda: False) -> None:
        self._user_agent = user_agent
        self._private_networks = private_networks

    async def __aenter__(self) -> Self:
        self._pool = Pool()
        self._dialer = Dialer()
        self._guarded = asyncio.Semaphore(_MOST_GUARDED)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.close()
        await self._dialer.close()
        await asyncio.sleep(0)  # sockets are closed in the loop's next round

    async def send(self, call: UpstreamCall) -> HttpAnswer:
        """Make the call. Raises UPSTREAM_BROKEN or UPSTREAM_TIMEOUT when no answer begins."""
        if not call.guarded:
            try:
                target = target_of(call.url)
                proxy = target_of(call.proxy) if call.proxy else None
            except ValueError as error:
                raise broken(call.url, error) from None
            place = (target.origin, proxy)
            connection = await self._ask(call, call.url, target, place)
            return HttpAnswer(connection, call.timeouts, call.url, lambda done: self._pool.give_back(done, place))
        url = call.url
        for _ in range(MAX_REDIRECTS + 1):
            answer = await self._send_guarded(call, url)
            follow = call.redirects and 300 <= answer.status < 400
            location = redirect_of(answer.headers, url) if follow else None
            if location is None:
                return answer
            await answer.close()
            url = location
        raise refused(url)

    async def _send_guarded(self, call: UpstreamCall, url: str) -> HttpAnswer:
        target = check_url(url, self._private_networks())
        await self._guarded.acquire()
        try:
            connection = await self._ask(call, url, target, None)
        except BaseException:
            self._guarded.release()
            raise
        return HttpAnswer(connection, call.timeouts, url, self._let_guarded_go)

    def _let_guarded_go(self, connection: Connection) -> None:
        self._pool.drop(connection)
        self._guarded.release()

    async def _ask(self, call: UpstreamCall, url: str, target: Target, place: Place | None) -> Connection:
        """A connection on which the answer has begun. `place` is where kept ones are; None takes none and is guarded."""
        proxy = place[1] if place is not None else None
        deadline = asyncio.get_running_loop().time() + call.timeouts.first_byte
        try:
            by_proxy = proxy is not None and not target.secure
            head = request_head(
                call.method,
                target,
                call.headers,
                None if call.body is None else len(call.body),
                self._user_agent,
                proxy.authorization if proxy is not None and by_proxy else None,
                absolute=by_proxy,
            )
            kept = self._pool.take(place) if place is not None and not call.once else None
            if kept is not None:
                try:
                    return await self._asked(kept, call, head, deadline)
                except StaleConnection:
                    pass  # it was closed while it waited: once more, on a connection of its own
            connection = await self._dialed(call, url, target, proxy, guarded=place is None)
            return await self._asked(connection, call, head, deadline)
        except TimeoutError as error:
            raise GatewayError(ErrorKind.UPSTREAM_TIMEOUT, Text("http.timeout", {"host": host_of(url)})) from error
        except (OSError, ValueError) as error:
            raise broken(url, error) from error

    async def _asked(self, connection: Connection, call: UpstreamCall, head: bytes, deadline: float) -> Connection:
        self._pool.use(connection)
        try:
            await connection.ask(call.method, head, call.body, deadline)
        except BaseException:
            self._pool.drop(connection)
            raise
        return connection

    async def _dialed(
        self, call: UpstreamCall, url: str, target: Target, proxy: Target | None, *, guarded: bool
    ) -> Connection:
        connection = Connection()
        limits = call.timeouts

        def check(addresses: Sequence[str]) -> None:
            if not self._private_networks():
                check_addresses(target.host, addresses)

        seconds = min(limits.connect, limits.first_byte)
        try:
            await self._dialer.open(target, proxy, seconds, check if guarded else None, connection)
        except TimeoutError as error:
            raise NotReached(ErrorKind.UPSTREAM_TIMEOUT, Text("http.timeout", {"host": host_of(url)})) from error
        except (OSError, ValueError) as error:
            reason = broken(url, error)
            raise NotReached(reason.kind, reason.text, reason.details) from error
        return connection
