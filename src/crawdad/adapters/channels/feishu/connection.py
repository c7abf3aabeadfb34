"""The long connection to Feishu: its frames, pings and acknowledgements."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from crawdad.adapters.channels.dialing import dial
from crawdad.adapters.channels.feishu.api import FeishuApi
from crawdad.adapters.channels.recent import Recent
from crawdad.core.channels import ChannelContext, SignedOut, Socket
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text
from crawdad.wire.feishu.frames import CONTROL, DATA, Frame, read_frame, write_frame
from crawdad.wire.feishu.messages import BAD_SECRET

_PING_SECONDS = 120.0
_MOST_FRAGMENTS = 64


class LongConnection:
    """One of them. `complete` adds to an event what it lacks; what comes of it is admitted."""

    def __init__(
        self, context: ChannelContext, api: FeishuApi, complete: Callable[[JsonObject], Awaitable[JsonObject]]
    ) -> None:
        self._context, self._api, self._complete = context, api, complete
        self._ping_seconds = _PING_SECONDS

    async def hold(self) -> bool:
        """Hold it to its end; whether it was of use."""
        answer = await self._api.endpoint()
        if answer.code in BAD_SECRET or answer.code in (403, 514, 1000040344):
            raise SignedOut(Text("feishu.bad_secret", {"reason": answer.words}))
        url = str(answer.data.get("URL") or "")
        if not answer.ok or not url:
            raise GatewayError(ErrorKind.UPSTREAM_ERROR, answer.words)
        self._take_config(answer.data.get("ClientConfig"))
        service = int((parse_qs(urlsplit(url).query).get("service_id") or ["0"])[0] or 0)
        async with dial(url, ping=None) as socket, asyncio.TaskGroup() as tasks:
            pinging = tasks.create_task(self._ping(socket, service))
            try:
                return await self._read(socket)
            finally:
                pinging.cancel()

    def _take_config(self, config: Any) -> None:
        seconds = config.get("PingInterval") if isinstance(config, dict) else None
        if isinstance(seconds, (int, float)) and 0 < seconds <= 3600:
            self._ping_seconds = float(seconds)

    async def _ping(self, socket: Socket, service: int) -> None:
        with contextlib.suppress(EOFError):
            while True:
                await socket.send(write_frame(Frame(CONTROL, service, {"type": "ping"})))
                await asyncio.sleep(self._ping_seconds)

    async def _read(self, socket: Socket) -> bool:
        useful = False
        fragments: Recent[dict[int, bytes]] = Recent(_MOST_FRAGMENTS)
        with contextlib.suppress(EOFError, TimeoutError):
            while True:
                # The other side answers pings: two without an answer, and it is gone, however well the socket looks.
                async with asyncio.timeout(2 * self._ping_seconds + 1):
                    data = await socket.receive()
                try:
                    frame = read_frame(data if isinstance(data, bytes) else data.encode())
                except ValueError:
                    continue
                useful = True
                if frame.method == CONTROL:
                    if frame.headers.get("type") == "pong":
                        self._context.heard()
                        self._take_config(_json(frame.payload))
                elif frame.method == DATA and (payload := _joined(frame, fragments)) is not None:
                    await self._take(socket, frame, payload)
        return useful

    async def _take(self, socket: Socket, frame: Frame, payload: bytes) -> None:
        """Keep an event, then acknowledge it. What is not acknowledged is delivered again."""
        begun = self._context.clock.monotonic()
        event = _json(payload)
        code = 200
        if event is not None and frame.headers.get("type") in ("event", "card"):
            try:
                await self._context.admit(await self._complete(event))
            except GatewayError as error:
                self._context.lost(error.text)
                code = 500
        took = int((self._context.clock.monotonic() - begun) * 1000)
        answer = orjson.dumps({"code": code, "headers": {}, "data": ""})
        await socket.send(write_frame(replace(frame, headers={**frame.headers, "biz_rt": str(took)}, payload=answer)))


def _json(data: bytes) -> JsonObject | None:
    try:
        found = orjson.loads(data)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _joined(frame: Frame, fragments: Recent[dict[int, bytes]]) -> bytes | None:
    """The payload, once all its fragments have come."""
    try:
        total, number = int(frame.headers.get("sum") or 1), int(frame.headers.get("seq") or 0)
    except ValueError:
        return None
    if total <= 1:
        return frame.payload
    name = frame.headers.get("message_id", "")
    parts = fragments.setdefault(name, {})
    parts[number] = frame.payload
    if len(parts) < total:
        return None
    del fragments[name]
    return b"".join(parts[place] for place in sorted(parts))
