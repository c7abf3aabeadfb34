"""`core.ports.Transport` over aiohttp: keep-alive pools, time-outs in every phase, back-pressure from reader to upstream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from functools import lru_cache
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from crawdad.adapters.http.guard import GuardedResolver, check_url, refused, target_of
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.ports import UpstreamAnswer, UpstreamCall
from crawdad.core.text import Text

MAX_REDIRECTS = 3
_LINE_LIMIT = 64 * 1024


class HttpTransport:
    """The one HTTP client of the process. Use as an async context manager.

    `private_networks` tells, at the time of each guarded call, whether URLs named by clients may be private.
    """

    def __init__(self, user_agent: str, private_networks: Callable[[], bool] = lambda: False) -> None:
        self._user_agent = user_agent
        self._private_networks = private_networks
        self._sessions: list[aiohttp.ClientSession] = []

    async def __aenter__(self) -> Self:
        plain = aiohttp.TCPConnector(limit=0, ttl_dns_cache=60, keepalive_timeout=75)
        guarded = aiohttp.TCPConnector(
            limit=64, resolver=GuardedResolver(aiohttp.DefaultResolver(), self._private_networks), force_close=True
        )
        self._sessions = [self._session(plain), self._session(guarded)]
        return self

    def _session(self, connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None, sock_read=None),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            max_line_size=_LINE_LIMIT,
            max_field_size=_LINE_LIMIT,
            read_bufsize=64 * 1024,
        )

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for session in self._sessions:
            await session.close()

    async def send(self, call: UpstreamCall) -> UpstreamAnswer:
        """Make the call. Raises UPSTREAM_BROKEN or UPSTREAM_TIMEOUT when no answer begins."""
        if not call.guarded:
            return await self._once(call, call.url, None, self._sessions[0])
        url = call.url
        for _ in range(MAX_REDIRECTS + 1):
            target = check_url(url, self._private_networks())
            answer = await self._once(call, url, target, self._sessions[1])
            location = target_of(answer.headers, url) if 300 <= answer.status < 400 else None
            if location is None:
                return answer
            await answer.close()
            url = location
        raise refused(url)

    async def _once(
        self, call: UpstreamCall, url: str, target: URL | None, session: aiohttp.ClientSession
    ) -> HttpAnswer:
        limits = call.timeouts
        headers = {"User-Agent": self._user_agent, **call.headers}
        deadline = _Deadline(limits.first_byte)
        try:
            response = await session.request(
                call.method,
                target or _parsed(url),
                data=call.body,
                headers=headers,
                allow_redirects=False,
                proxy=call.proxy,
                timeout=_timeout(limits.connect),
            )
        except asyncio.CancelledError:
            if not deadline.passed():
                raise
            raise GatewayError(ErrorKind.UPSTREAM_TIMEOUT, Text("http.timeout", {"host": _host(url)})) from None
        except GatewayError:
            raise
        except TimeoutError as error:
            raise GatewayError(ErrorKind.UPSTREAM_TIMEOUT, Text("http.timeout", {"host": _host(url)})) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if isinstance(error.__cause__, GatewayError):
                raise error.__cause__ from None
            raise _broken(url, error) from error
        finally:
            deadline.stop()
        return HttpAnswer(response, limits.idle, url)


class _Deadline:
    """Cancels the task that made it when time is up: `asyncio.timeout`, at a third of its cost on the hot path."""

    __slots__ = ("_expired", "_handle", "_task")

    def __init__(self, seconds: float) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._expired = False
        self._handle = asyncio.get_running_loop().call_later(seconds, self._expire)

    def _expire(self) -> None:
        self._expired = True
        self._task.cancel()

    def passed(self) -> bool:
        """Whether the cancellation that was just caught is this deadline's, and nobody else's besides."""
        return self._expired and self._task.uncancel() == 0

    def stop(self) -> None:
        """Time no longer matters."""
        self._handle.cancel()


@lru_cache(1024)
def _parsed(url: str) -> URL:
    return URL(url)


@lru_cache(64)
def _timeout(connect: float) -> aiohttp.ClientTimeout:
    # Only connecting is left to the library: its read time-out re-arms a timer for every chunk, `_IdleWatch` does not.
    return aiohttp.ClientTimeout(total=None, sock_connect=connect, sock_read=None)


class HttpAnswer:
    """`core.ports.UpstreamAnswer` over an aiohttp response."""

    __slots__ = ("_idle", "_response", "_url", "headers", "status")

    def __init__(self, response: aiohttp.ClientResponse, idle: float, url: str) -> None:
        self._response = response
        self._idle = idle
        self._url = url
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives."""
        content = self._response.content
        loop = asyncio.get_running_loop()
        watch = _IdleWatch(loop, self._idle, self._response)
        try:
            while True:
                chunk = await content.readany()
                watch.seen = loop.time()
                if not chunk:
                    return
                yield chunk
                watch.seen = loop.time()  # the time a slow reader takes is not the upstream's silence
        except (aiohttp.ClientError, OSError) as error:
            if watch.expired:
                raise GatewayError(ErrorKind.UPSTREAM_TIMEOUT, Text("http.idle", {"host": _host(self._url)})) from error
            raise _broken(self._url, error) from error
        finally:
            watch.stop()

    async def read(self, limit: int) -> bytes:
        """The whole body, at most `limit` bytes."""
        content = self._response.content
        if content.is_eof():  # a small answer came whole with its headers: no timer, no waiting
            data = content.read_nowait(-1)
            if len(data) > limit:
                raise self._too_large(limit)
            return data
        size = 0
        pieces: list[bytes] = []
        async for chunk in self.chunks():
            size += len(chunk)
            if size > limit:
                await self.close()
                raise self._too_large(limit)
            pieces.append(chunk)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _too_large(self, limit: int) -> GatewayError:
        return GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("http.answer_too_large", {"limit": limit}))

    async def close(self) -> None:
        """Back to the pool when the body was read to its end; otherwise the connection is dropped."""
        response = self._response
        if response.content.at_eof():
            response.release()
        else:
            response.close()


_LOOK_SECONDS = 1.0


class _IdleWatch:
    """Closes a response whose upstream has been silent too long. One timer a stream, re-armed when it fires.

    It also looks whether the connection is still there: the library closes one whose framing is broken and tells nobody who
    waits for the rest of its body.
    """

    __slots__ = ("_handle", "_idle", "_loop", "_response", "expired", "seen")

    def __init__(self, loop: asyncio.AbstractEventLoop, idle: float, response: aiohttp.ClientResponse) -> None:
        self._loop = loop
        self._idle = idle
        self._response = response
        self.seen = loop.time()
        self.expired = False
        self._handle = loop.call_later(min(idle, _LOOK_SECONDS), self._check)

    def _check(self) -> None:
        response = self._response
        left = self.seen + self._idle - self._loop.time()
        if left <= 0.01:
            self.expired = True
            response.content.set_exception(aiohttp.ServerTimeoutError())
            response.close()
        elif _is_gone(response):
            response.content.set_exception(aiohttp.ClientPayloadError("the answer's framing is broken"))
        else:
            self._handle = self._loop.call_later(min(left, _LOOK_SECONDS), self._check)

    def stop(self) -> None:
        self._handle.cancel()


def _is_gone(response: aiohttp.ClientResponse) -> bool:
    """Whether no more of an unfinished body can come."""
    connection, content = response.connection, response.content
    return connection is not None and connection.transport is None and not content.is_eof() and not content.exception()


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].rpartition("@")[2]


def _broken(url: str, error: Exception) -> GatewayError:
    reason = str(error) or type(error).__name__
    if "?" in url:  # a library may quote the URL it failed on; what follows the question mark may be secret
        reason = reason.replace(url.partition("?")[2], "…")
    return GatewayError(
        ErrorKind.UPSTREAM_BROKEN, Text("http.unreachable", {"host": _host(url), "reason": reason[:300]})
    )
