"""A server that is reached over HTTP (the protocol's "streamable HTTP"): each message is a POST, its answer JSON or a stream.

What the server says unasked comes over a stream of its own, where it has one.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from crawdad.adapters.mcp.session import McpSession
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.mcp import ServerAddress, StartTask
from crawdad.core.ports import Timeouts, Transport, UpstreamAnswer, UpstreamCall
from crawdad.core.text import Text
from crawdad.wire.sse import SseReader

_MOST_BYTES = 32 * 1024 * 1024
_MOST_AT_ONCE = 64
_LISTEN_AGAIN_SECONDS = 5.0
_MOST_LISTENING = 100
_SILENCE_SECONDS = 3600.0
_SESSION = "mcp-session-id"


class HttpCarrier:
    """`session.Carrier` over HTTP."""

    version = ""

    def __init__(
        self, address: ServerAddress, transport: Transport, session: McpSession, start_task: StartTask
    ) -> None:
        self._address = address
        self._transport = transport
        self._session = session
        self._start_task = start_task
        self._session_id = ""
        self._lanes = asyncio.Semaphore(_MOST_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._listens = False

    async def send(self, data: bytes) -> None:
        """POST a message. The answer's body is read beside the caller, who waits for its own answer alone."""
        await self._lanes.acquire()
        try:
            answer = await self._post(data)
        except BaseException:
            self._lanes.release()
            raise
        task = self._start_task(self._read(answer), "mcp answer")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: self._lanes.release())
        if self.version and not self._listens:
            self._listens = True
            listening = self._start_task(self._listen(), "mcp stream")
            self._tasks.add(listening)
            listening.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Let go of every stream, and tell the server that the session is over."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session_id:
            with suppress(GatewayError, TimeoutError):
                async with asyncio.timeout(2):
                    await (await self._call("DELETE", None, "application/json")).close()

    async def _post(self, data: bytes) -> UpstreamAnswer:
        answer = await self._call("POST", data, "application/json, text/event-stream")
        if answer.status >= 400:
            await self._refuse(answer)
        self._session_id = answer.headers.get(_SESSION) or self._session_id
        return answer

    async def _refuse(self, answer: UpstreamAnswer) -> None:
        try:
            words = " ".join((await answer.read(4096)).decode("utf-8", "replace").split())[:300]
        except GatewayError:
            words = ""
        finally:
            await answer.close()
        error = GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("mcp.status", {"status": answer.status, "reason": words}))
        if answer.status == 404 and self._session_id:
            self._session.ended(error)  # the server has forgotten us: the next call begins anew
        raise error

    async def _call(self, method: str, body: bytes | None, accept: str) -> UpstreamAnswer:
        """One request, with an access token where there is one; with another where that is refused."""
        bearer = self._address.bearer
        token = await bearer() if bearer is not None else None
        answer = await self._send(method, body, accept, token)
        if answer.status == 401 and bearer is not None:
            await answer.close()
            token = await bearer(token) if token is not None else None
            if token is None:
                raise GatewayError(ErrorKind.UPSTREAM_ERROR, Text("mcp.sign_in"), {"code": "mcp_sign_in"})
            answer = await self._send(method, body, accept, token)
        return answer

    async def _send(self, method: str, body: bytes | None, accept: str, token: str | None) -> UpstreamAnswer:
        headers = {"Accept": accept, "Accept-Encoding": "identity", **self._address.headers}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if body is not None:
            headers["Content-Type"] = "application/json"
        if self._session_id:
            headers["Mcp-Session-Id"] = self._session_id
        if self.version:
            headers["MCP-Protocol-Version"] = self.version
        seconds = max(self._address.connect_seconds, self._address.call_seconds)
        patience = Timeouts(self._address.connect_seconds, seconds, _SILENCE_SECONDS if method == "GET" else seconds)
        call = UpstreamCall(method, self._address.url, headers, body, patience, proxy=self._address.proxy)
        return await self._transport.send(call)

    async def _read(self, answer: UpstreamAnswer) -> None:
        try:
            if "text/event-stream" in answer.headers.get("content-type", ""):
                await self._read_stream(answer)
                return
            data = await answer.read(_MOST_BYTES)
            if data.strip():
                await self._session.heard(data)
        except GatewayError as error:
            self._session.ended(error)
        finally:
            await answer.close()

    async def _read_stream(self, answer: UpstreamAnswer) -> None:
        reader = SseReader()
        async for chunk in answer.chunks():
            for data in reader.feed(chunk):
                await self._session.heard(data)
        for data in reader.close():
            await self._session.heard(data)

    async def _listen(self) -> None:
        """What the server says unasked. Few servers do; one that has no such stream is left alone."""
        for _ in range(_MOST_LISTENING):
            with suppress(GatewayError):
                answer = await self._call("GET", None, "text/event-stream")
                try:
                    if answer.status != 200 or "text/event-stream" not in answer.headers.get("content-type", ""):
                        return
                    await self._read_stream(answer)
                finally:
                    await answer.close()
            await asyncio.sleep(_LISTEN_AGAIN_SECONDS)
