"""The open platform's HTTP interface, and the binding of a bot by QR code."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import orjson

from crawdad.adapters.channels.app_token import AppToken
from crawdad.core.channels import SignedOut
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.ports import Clock, Timeouts, Transport, UpstreamCall
from crawdad.core.secret import Secret
from crawdad.core.text import Text
from crawdad.wire.qqbot.messages import BAD_SECRET, DEAD_TOKEN, Answer, read_answer

_PATIENCE = Timeouts(10.0, 30.0, 30.0)
_MOST_ANSWERED = 4 * 1024 * 1024
_EARLY_SECONDS = 60.0
"""A new token is to be had in the last minute of the old one."""


async def ask(
    transport: Transport, method: str, url: str, body: Any, headers: dict[str, str], *, once: bool = False
) -> Answer:
    """One call. Raises `GatewayError` when no answer comes."""
    content = None if body is None else orjson.dumps(body)
    if content is not None:
        headers = {**headers, "content-type": "application/json"}
    call = UpstreamCall(method, url, headers, content, _PATIENCE, redirects=False, once=once)
    answer = await transport.send(call)
    try:
        return read_answer(answer.status, await answer.read(_MOST_ANSWERED))
    finally:
        await answer.close()


class QQBotApi:
    """One bot."""

    def __init__(
        self, transport: Transport, clock: Clock, root: str, token_url: str, app_id: str, secret: Secret
    ) -> None:
        self._transport = transport
        self._root = root.rstrip("/")
        self._token_url = token_url
        self.app_id = app_id
        self.secret = secret
        self._token = AppToken(clock, self._new_token, _EARLY_SECONDS)

    async def ask(self, method: str, path: str, body: Any = None, *, once: bool = False) -> Answer:
        """Call the interface. A token that has died is made anew once. Raises `GatewayError` when no answer comes, `SignedOut`
        where the bot's secret is refused."""
        for last in (False, True):
            headers = {"authorization": await self.authorization(), "x-union-appid": self.app_id}
            answer = await ask(self._transport, method, f"{self._root}{path}", body, headers, once=once)
            if (answer.status != 401 and answer.code not in DEAD_TOKEN) or last:
                break
            self._token.drop()
        return answer

    async def authorization(self) -> str:
        """What identifies the bot, in HTTP and at the gateway."""
        return f"QQBot {(await self._token.fresh()).reveal()}"

    def drop_token(self) -> None:
        """The gateway did not take it."""
        self._token.drop()

    async def _new_token(self) -> tuple[str, float]:
        body = {"appId": self.app_id, "clientSecret": self.secret.reveal()}
        answer = await ask(self._transport, "POST", self._token_url, body, {})
        if answer.code in BAD_SECRET or answer.status == 401:
            raise SignedOut(Text("qqbot.bad_secret", {"reason": answer.words}))
        token = answer.data.get("access_token")
        if not answer.ok or not token:
            raise GatewayError(ErrorKind.UPSTREAM_ERROR, answer.words)
        return str(token), float(answer.data.get("expires_in") or 0)


class Binding:
    """The two calls by which somebody gives a bot to us: they scan a code, and its secret comes sealed for our key."""

    def __init__(self, transport: Transport, root: str) -> None:
        self._transport = transport
        self._root = root.rstrip("/")

    async def begin(self, key: str) -> str:
        """Ask for a task; `key` is 32 bytes in base64. Returns its id."""
        data = await self._ask("create_bind_task", {"key": key})
        task = str(data.get("task_id") or "")
        if not task:
            raise GatewayError(ErrorKind.UPSTREAM_ERROR, Text("qqbot.no_task"))
        return task

    def page(self, task: str) -> str:
        """What stands in the code."""
        return f"{self._root}/qqbot/openclaw/connect.html?task_id={quote(task, safe='')}&source=crawdad&_wv=2"

    async def look(self, task: str) -> dict[str, Any]:
        """How the task stands: `status` 0 and 1 pending, 2 done, 3 expired."""
        return await self._ask("poll_bind_result", {"task_id": task})

    async def _ask(self, what: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await ask(self._transport, "POST", f"{self._root}/lite/{what}", body, {})
        data = answer.data.get("data")
        if not answer.ok or not isinstance(data, dict):
            raise GatewayError(ErrorKind.UPSTREAM_ERROR, answer.words)
        return data
