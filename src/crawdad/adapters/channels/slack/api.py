"""Slack's web interface."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import orjson

from crawdad.adapters.channels.downloads import download
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Timeouts, Transport, UpstreamCall
from crawdad.core.secret import Secret
from crawdad.wire.slack.messages import Answer, read_answer

_PATIENCE = Timeouts(10.0, 30.0, 30.0)
_MOST_ANSWERED = 4 * 1024 * 1024


class SlackApi:
    """One app's calls."""

    def __init__(self, transport: Transport, root: str, files: str, token: Secret, proxy: str) -> None:
        self._transport = transport
        self._root = root.rstrip("/")
        self._own = (f"{self._root}/", f"{files.rstrip('/')}/")
        self._token = token
        self._proxy = proxy or None

    async def ask(self, method: str, body: JsonObject | None = None, *, token: Secret | None = None) -> Answer:
        """Call a method, once. Raises `GatewayError` when no answer comes."""
        content = orjson.dumps(body or {})
        return await self._send(method, content, "application/json; charset=utf-8", token or self._token)

    async def ask_by_form(self, method: str, fields: dict[str, Any]) -> Answer:
        """Call one of the methods that take no JSON."""
        return await self._send(method, urlencode(fields).encode(), "application/x-www-form-urlencoded", self._token)

    async def _send(self, method: str, content: bytes, kind: str, token: Secret) -> Answer:
        headers = {"authorization": f"Bearer {token.reveal()}", "content-type": kind}
        url = f"{self._root}/{method}"
        call = UpstreamCall("POST", url, headers, content, _PATIENCE, proxy=self._proxy, redirects=False, once=True)
        return await self._answered(call)

    async def put(self, url: str, data: bytes) -> int:
        """Send a file's bytes to the address that was given for it; the status."""
        own = url.startswith(self._own)
        headers = {"content-type": "application/octet-stream"}
        call = UpstreamCall("POST", url, headers, data, _PATIENCE, proxy=self._proxy, redirects=False, guarded=not own)
        answer = await self._transport.send(call)
        try:
            await answer.read(_MOST_ANSWERED)
            return answer.status
        finally:
            await answer.close()

    async def _answered(self, call: UpstreamCall) -> Answer:
        answer = await self._transport.send(call)
        try:
            body = await answer.read(_MOST_ANSWERED)
            return read_answer(answer.status, body, answer.headers.get("retry-after", ""))
        finally:
            await answer.close()

    async def file(self, url: str, limit: int) -> AsyncIterator[bytes]:
        """The bytes of a file. Only Slack's own addresses are shown the token."""
        own = url.startswith(self._own)
        headers = {"authorization": f"Bearer {self._token.reveal()}"} if own else {}
        call = UpstreamCall(
            "GET", url, headers, timeouts=_PATIENCE, proxy=self._proxy, redirects=False, guarded=not own
        )
        async for chunk in download(self._transport, call, limit):
            yield chunk
