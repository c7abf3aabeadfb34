"""The open platform's REST API, with an app's token that is kept until shortly before its end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson

from crawdad.adapters.channels.app_token import AppToken
from crawdad.adapters.channels.downloads import download
from crawdad.core.channels import SignedOut
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.media import File
from crawdad.core.ports import Clock, Randomness, Timeouts, Transport, UpstreamCall
from crawdad.core.secret import Secret
from crawdad.core.text import Text
from crawdad.wire.feishu.messages import BAD_SECRET, DEAD_TOKEN, Answer, read_answer
from crawdad.wire.media.multipart import Form, write_form

_PATIENCE = Timeouts(10.0, 30.0, 30.0)
_MOST_ANSWERED = 16 * 1024 * 1024


class FeishuApi:
    """One app."""

    def __init__(
        self, transport: Transport, clock: Clock, randomness: Randomness, address: str, app_id: str, secret: Secret
    ) -> None:
        self._transport = transport
        self._randomness = randomness
        self._address = address
        self._app_id = app_id
        self._secret = secret
        self._token = AppToken(clock, self._new_token)

    async def ask(self, method: str, path: str, body: Any = None, *, once: bool = False) -> Answer:
        """Call `/open-apis/<path>`. A token that has died is made anew once. Raises `GatewayError` when no answer comes,
        `SignedOut` where the app's secret is refused."""
        payload = None if body is None else orjson.dumps(body)
        return await self._call(method, path, payload, "application/json; charset=utf-8", once=once)

    async def upload(self, path: str, fields: list[tuple[str, str]], name: str, file: File) -> Answer:
        """Send a file."""
        form, kind = write_form(Form(fields, [(name, file)]), f"crawdad{self._randomness.new_token()[-40:]}")
        return await self._call("POST", path, form, kind)

    async def download(self, path: str, limit: int) -> AsyncIterator[bytes]:
        """The bytes of a file. Raises TOO_LARGE, NOT_FOUND, UPSTREAM_BROKEN."""
        headers = {"authorization": f"Bearer {(await self._token.fresh()).reveal()}"}
        call = UpstreamCall("GET", f"{self._address}/open-apis/{path}", headers, timeouts=_PATIENCE, redirects=False)
        async for chunk in download(self._transport, call, limit):
            yield chunk

    async def endpoint(self) -> Answer:
        """Where the long connection is to be opened."""
        body = orjson.dumps({"AppID": self._app_id, "AppSecret": self._secret.reveal()})
        return await self._send("POST", "/callback/ws/endpoint", body, {"content-type": "application/json"})

    async def _call(self, method: str, path: str, body: bytes | None, kind: str, *, once: bool = False) -> Answer:
        answer = None
        for _ in range(2):
            headers = {"authorization": f"Bearer {(await self._token.fresh()).reveal()}"}
            if body is not None:
                headers["content-type"] = kind
            answer = await self._send(method, f"/open-apis/{path}", body, headers, once=once)
            if answer.code not in DEAD_TOKEN:
                break
            self._token.drop()
        assert answer is not None
        return answer

    async def _new_token(self) -> tuple[str, float]:
        body = orjson.dumps({"app_id": self._app_id, "app_secret": self._secret.reveal()})
        path = "/open-apis/auth/v3/tenant_access_token/internal"
        answer = await self._send("POST", path, body, {"content-type": "application/json; charset=utf-8"})
        if answer.code in BAD_SECRET:
            raise SignedOut(Text("feishu.bad_secret", {"reason": answer.words}))
        token = answer.data.get("tenant_access_token")
        if not answer.ok or not token:
            raise GatewayError(ErrorKind.UPSTREAM_ERROR, answer.words, None, answer.retry_after)
        return str(token), float(answer.data.get("expire") or 0)

    async def _send(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str], *, once: bool = False
    ) -> Answer:
        call = UpstreamCall(method, f"{self._address}{path}", headers, body, _PATIENCE, redirects=False, once=once)
        answer = await self._transport.send(call)
        try:
            reset = answer.headers.get("x-ogw-ratelimit-reset") or answer.headers.get("retry-after") or ""
            return read_answer(answer.status, await answer.read(_MOST_ANSWERED), reset)
        finally:
            await answer.close()
