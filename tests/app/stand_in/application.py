"""A small application with the interface of the real one, that can stream, stall, block its loop and crash."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from crawdad.app.launch import Launch
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.settings import Settings

Message = dict[str, Any]


class Application:
    """`GET /healthz` tells its process id; the other routes are for one test each."""

    def __init__(self, launch: Launch, settings: Settings, *, safe_mode: bool, first_token: str | None) -> None:
        self.settings = settings
        self.exit_code = 0
        self._first_token = first_token
        self._safe_mode = safe_mode
        self._running: set[asyncio.Task[Any]] = set()
        self._draining = False

    async def make_first_token(self) -> str | None:
        """As the real one, but that nothing is written down."""
        return self._first_token

    async def asgi(
        self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        path = scope["path"]
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            message = await receive()
            await send({"type": "websocket.send", "text": message.get("text", "")})
            await send({"type": "websocket.close"})
            return
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        try:
            if self._draining:
                await _answer(send, 503, b"draining", [(b"retry-after", b"1")])
            elif path in ("/healthz", "/readyz"):
                await _answer(send, 200, f'{{"pid":{os.getpid()},"safe_mode":{str(self._safe_mode).lower()}}}'.encode())
            else:
                await self._test_route(path, scope, receive, send)
        finally:
            self._running.discard(task)

    async def _test_route(self, path: str, scope: Message, receive: Any, send: Any) -> None:
        if path == "/crash":
            os._exit(7)
        elif path == "/block":
            time.sleep(600)  # noqa: ASYNC251 - the fault under test
        elif path == "/stream":
            seconds, count = 0.1, int(scope["query_string"] or b"10")
            await send({"type": "http.response.start", "status": 200, "headers": []})
            for number in range(count):
                await send({"type": "http.response.body", "body": b"data: %d\n\n" % number, "more_body": True})
                await asyncio.sleep(seconds)
            await send({"type": "http.response.body", "body": b"data: end\n\n"})
        elif path == "/echo":
            body = b""
            more = True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return
                body += message["body"]
                more = message["more_body"]
            headers = b"\n".join(name + b": " + value for name, value in scope["headers"])
            await _answer(send, 200, b"%d\n" % len(body) + headers)
        elif path == "/v1/chat/completions":
            await _chat(receive, send)
        elif path == "/early":
            await _answer(send, 413, b"too large")
        elif path == "/flood":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            for _ in range(100_000):
                await send({"type": "http.response.body", "body": bytes(65536), "more_body": True})
        else:
            await _answer(send, 404, b"{}")

    async def drain(self, grace_seconds: float) -> None:
        self._draining = True
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=grace_seconds)
            for task in late:
                task.cancel()


async def _chat(receive: Any, send: Any) -> None:
    """An answer of one word, whole or streamed."""
    if b'"stream": true' not in (await receive())["body"]:
        await _answer(send, 200, b'{"choices": [{"message": {"role": "assistant", "content": "Hello"}}]}')
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
    event = b'data: {"choices": [{"delta": {"content": "Hello"}}]}\n\n'
    await send({"type": "http.response.body", "body": event, "more_body": True})
    await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})


async def _answer(send: Any, status: int, body: bytes, headers: list[tuple[bytes, bytes]] | None = None) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [length, *(headers or [])]})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def open_application(
    launch: Launch, *, safe_mode: bool = False, open_agents: object = None
) -> AsyncIterator[Application]:
    environment = launch.environment
    if not safe_mode and (fault := environment.get("CRAWDAD_TEST_FAULT")):
        if fault == "configuration":
            raise GatewayError(ErrorKind.BAD_REQUEST, "the configuration is wrong")
        if fault == "exit":
            sys.exit(9)
        if fault == "file" and (launch.home / "fault").exists():
            if (launch.home / "fault").read_text() == "configuration":
                raise GatewayError(ErrorKind.BAD_REQUEST, "the configuration is wrong")
            sys.exit(9)
    gateway = {
        "port": int(environment.get("CRAWDAD_PORT", "18789")),
        "bind": environment.get("CRAWDAD_BIND", "loopback"),
        "drainSeconds": float(environment.get("CRAWDAD_TEST_DRAIN", "30")),
    }
    marker = launch.home / "token-made"
    first_token = None if marker.exists() else "cd-stand-in-token"
    marker.touch()
    settings = Settings.model_validate({"gateway": gateway})
    yield Application(launch, settings, safe_mode=safe_mode, first_token=first_token)
