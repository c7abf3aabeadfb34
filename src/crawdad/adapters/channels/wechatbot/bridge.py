"""The bridge's HTTP interface. Every address carries its token, as it takes one nowhere else."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from urllib.parse import quote

import orjson

from crawdad.adapters.channels.wechatbot.settings import WechatSettings
from crawdad.core.channels import SendFailed, SignedOut
from crawdad.core.errors import ErrorKind, GatewayError, NotReached
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Randomness, Timeouts, Transport, UpstreamCall
from crawdad.core.text import Text
from crawdad.wire.media.multipart import Form, write_form
from crawdad.wire.sse import SseSplitter, event_data, event_name
from crawdad.wire.wechatbot.requests import Answer, login_name, read_answer

_MOST_ANSWERED = 4 * 1024 * 1024
_PROBE_SECONDS = 10.0


class Bridge:
    """One bridge."""

    def __init__(self, transport: Transport, randomness: Randomness, settings: WechatSettings) -> None:
        self._transport = transport
        self._randomness = randomness
        self._settings = settings

    async def name(self) -> str | None:
        """Who is signed in to WeChat (empty: somebody); None: nobody. Raises `SignedOut` when the bridge does not take the
        token, and `GatewayError` when it does not answer."""
        health = await self._probe("healthz")
        if health.raw.strip() != b"healthy":
            return None
        return login_name(await self._probe("login")) or ""

    async def _probe(self, path: str) -> Answer:
        answer = await self._exchange("GET", path, None, "", _PROBE_SECONDS)
        if answer.token_refused:
            raise SignedOut(Text("wechat.token_refused"))
        if answer.status != 200:
            raise GatewayError(ErrorKind.UPSTREAM_BROKEN, answer.words)
        return answer

    async def post(self, path: str, body: JsonObject | list[JsonObject]) -> Answer:
        """Send JSON, once. Raises `SendFailed` when there is no answer."""
        return await self._sent(path, orjson.dumps(body), "application/json")

    async def post_form(self, path: str, form: Form) -> Answer:
        """Send a form, once. Raises `SendFailed` when there is no answer."""
        boundary = f"crawdad-{self._randomness.new_id()}"
        body, media_type = write_form(form, boundary)
        return await self._sent(path, body, media_type)

    async def _sent(self, path: str, body: bytes, media_type: str) -> Answer:
        try:
            return await self._exchange("POST", path, body, media_type, self._settings.call_seconds, once=True)
        except NotReached as error:
            raise SendFailed("not_sent", error.text) from error
        except GatewayError as error:
            raise SendFailed("ambiguous", error.text) from error

    async def news(self) -> AsyncGenerator[tuple[str, str], None]:
        """What `/sse` tells of a sign-in, as it comes: `qrcode` with what to draw, `login` with who. Raises `GatewayError`."""
        call = UpstreamCall("GET", self._url("sse"), {"accept": "text/event-stream"}, None, Timeouts(5.0, 10.0, 15.0))
        answer = await self._transport.send(call)
        try:
            if answer.status == 401:
                raise SignedOut(Text("wechat.token_refused"))
            if answer.status != 200:
                raise GatewayError(ErrorKind.UPSTREAM_BROKEN, f"HTTP {answer.status}")
            splitter = SseSplitter()
            async for chunk in answer.chunks():
                for event in splitter.feed(chunk):
                    data = event_data(event)
                    if data is not None:
                        yield event_name(event).decode("utf-8", "replace"), data.decode("utf-8", "replace").strip()
        finally:
            with contextlib.suppress(GatewayError):
                await answer.close()

    async def _exchange(
        self, method: str, path: str, body: bytes | None, media_type: str, seconds: float, *, once: bool = False
    ) -> Answer:
        headers = {"content-type": media_type} if media_type else {}
        timeouts = Timeouts(5.0, seconds, seconds)
        call = UpstreamCall(method, self._url(path), headers, body, timeouts, redirects=False, once=once)
        answer = await self._transport.send(call)
        try:
            return read_answer(answer.status, await answer.read(_MOST_ANSWERED))
        finally:
            await answer.close()

    def _url(self, path: str) -> str:
        token = self._settings.token
        shown = quote(token.reveal(), safe="") if token is not None else ""
        return f"{self._settings.api_url.rstrip('/')}/{path}?token={shown}"
