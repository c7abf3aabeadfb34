"""DingTalk's two HTTP interfaces, with an app's token."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import orjson

from crawdad.adapters.channels.app_token import AppToken
from crawdad.adapters.channels.downloads import download
from crawdad.core.channels import SignedOut
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.media import File
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Clock, Randomness, Timeouts, Transport, UpstreamCall
from crawdad.core.secret import Secret
from crawdad.core.text import Text
from crawdad.wire.dingtalk.events import MESSAGES
from crawdad.wire.dingtalk.messages import Answer, read_answer
from crawdad.wire.media.multipart import Form, write_form

_PATIENCE = Timeouts(10.0, 30.0, 30.0)
_MOST_ANSWERED = 4 * 1024 * 1024


class DingTalkApi:
    """One app."""

    def __init__(
        self,
        transport: Transport,
        clock: Clock,
        randomness: Randomness,
        roots: tuple[str, str],
        app: tuple[str, Secret],
    ) -> None:
        self._transport = transport
        self._randomness = randomness
        self._root, self._older = (root.rstrip("/") for root in roots)
        self._id, self._secret = app
        self._token = AppToken(clock, self._new_token)

    async def stream(self) -> str:
        """Where the stream is to be opened: an address with a ticket that is good once."""
        body = {
            "clientId": self._id,
            "clientSecret": self._secret.reveal(),
            "subscriptions": [{"type": "CALLBACK", "topic": MESSAGES}],
            "ua": "crawdad",
            "localIp": "127.0.0.1",
        }
        answer = await self._send("POST", f"{self._root}/v1.0/gateway/connections/open", body, {})
        if answer.bad_secret or answer.status == 401:
            raise SignedOut(Text("dingtalk.bad_secret", {"reason": answer.words}))
        endpoint, ticket = str(answer.data.get("endpoint") or ""), str(answer.data.get("ticket") or "")
        if not answer.ok or not endpoint or not ticket:
            raise GatewayError(ErrorKind.UPSTREAM_ERROR, answer.words)
        return f"{endpoint}?{urlencode({'ticket': ticket})}"

    async def ask(self, path: str, body: JsonObject, *, once: bool = False) -> Answer:
        """Call the open interface. A token that has died is made anew once. Raises `GatewayError` when no answer comes,
        `SignedOut` where the app's secret is refused."""
        for last in (False, True):
            headers = {"x-acs-dingtalk-access-token": (await self._token.fresh()).reveal()}
            answer = await self._send("POST", f"{self._root}{path}", body, headers, once=once)
            if not answer.dead_token or last:
                break
            self._token.drop()
        return answer

    async def say(self, webhook: str, body: JsonObject) -> Answer:
        """Say something by a conversation's webhook. One that leads elsewhere than DingTalk's own server passes the guard."""
        own = webhook.startswith(f"{self._older}/")
        return await self._send("POST", webhook, body, {}, once=True, guarded=not own)

    async def upload(self, kind: str, file: File) -> str:
        """Send a file; its id. Raises `GatewayError`."""
        form, content_type = write_form(Form([], [("media", file)]), f"crawdad{self._randomness.new_token()[-40:]}")
        query = urlencode({"access_token": (await self._token.fresh()).reveal(), "type": kind})
        url = f"{self._older}/media/upload?{query}"
        call = UpstreamCall("POST", url, {"content-type": content_type}, form, _PATIENCE, redirects=False)
        answer = await self._answered(call)
        media = answer.data.get("media_id")
        if not answer.ok or not media:
            raise GatewayError(ErrorKind.UPSTREAM_ERROR, answer.words)
        return str(media)

    async def download(self, code: str, robot: str, limit: int) -> AsyncIterator[bytes]:
        """The bytes of a file that came with a message."""
        answer = await self.ask("/v1.0/robot/messageFiles/download", {"downloadCode": code, "robotCode": robot})
        url = str(answer.data.get("downloadUrl") or "")
        if not answer.ok or not url:
            raise GatewayError(ErrorKind.NOT_FOUND, answer.words)
        own = url.startswith((f"{self._older}/", f"{self._root}/"))
        call = UpstreamCall("GET", url, {}, timeouts=_PATIENCE, guarded=not own)
        async for chunk in download(self._transport, call, limit):
            yield chunk

    async def _new_token(self) -> tuple[str, float]:
        body = {"appKey": self._id, "appSecret": self._secret.reveal()}
        answer = await self._send("POST", f"{self._root}/v1.0/oauth2/accessToken", body, {})
        if answer.bad_secret or answer.status == 401:
            raise SignedOut(Text("dingtalk.bad_secret", {"reason": answer.words}))
        token = answer.data.get("accessToken")
        if not answer.ok or not token:
            raise GatewayError(ErrorKind.UPSTREAM_ERROR, answer.words)
        return str(token), float(answer.data.get("expireIn") or 0)

    async def _send(
        self, method: str, url: str, body: Any, headers: dict[str, str], *, once: bool = False, guarded: bool = False
    ) -> Answer:
        told = {**headers, "content-type": "application/json"}
        content = orjson.dumps(body)
        call = UpstreamCall(method, url, told, content, _PATIENCE, redirects=False, once=once, guarded=guarded)
        return await self._answered(call)

    async def _answered(self, call: UpstreamCall) -> Answer:
        answer = await self._transport.send(call)
        try:
            return read_answer(answer.status, await answer.read(_MOST_ANSWERED))
        finally:
            await answer.close()
