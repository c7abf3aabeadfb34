"""NapCat's web API (sign-in by QR code, quickly, by password), with a credential that is kept: signing in is rationed."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.ports import Clock, Timeouts, Transport, UpstreamCall
from crawdad.core.secret import Secret
from crawdad.core.text import Text
from crawdad.wire.onebot.napcat import RATE_LIMIT, UNAUTHORIZED, WebAnswer, read_answer, token_hash

_PATIENCE = Timeouts(5.0, 20.0, 20.0)
_RATIONED_SECONDS = 20.0
"""How long no new credential is asked for after one was refused: sign-ins that fail are counted like all others."""
_MOST = 4 * 1024 * 1024


class NapcatWeb:
    """One NapCat."""

    def __init__(self, transport: Transport, clock: Clock, url: str, token: Secret) -> None:
        self._transport = transport
        self._clock = clock
        self._url = url.rstrip("/")
        self._token = token
        self._credential: Secret | None = None
        self._not_before = 0.0
        self._refusal: GatewayError | None = None
        self._signing_in = asyncio.Lock()

    async def ask(self, path: str, body: Any = None, *, method: str = "POST") -> Any:
        """The data of `/api/<path>`. Raises `GatewayError` with NapCat's own words when it says no (UPSTREAM_ERROR)."""
        answer = WebAnswer(None, UNAUTHORIZED)
        for attempt in range(2):
            credential = await self._known()
            answer = await self._send(method, path, {} if body is None else body, credential)
            if answer.error != UNAUTHORIZED:
                break
            if self._credential is credential:
                self._credential = None  # it lasts an hour, and until NapCat starts again
            if attempt:
                self._refuse(
                    GatewayError(ErrorKind.UNAUTHENTICATED, Text("onebot.web_token", {"reason": UNAUTHORIZED}))
                )
        if answer.error:
            raise GatewayError(ErrorKind.UPSTREAM_ERROR, answer.error)
        return answer.data

    async def _known(self) -> Secret:
        """The credential; whoever needs one while it is being asked for gets the same."""
        async with self._signing_in:
            if self._credential is None:
                wait, refusal = self._not_before - self._clock.monotonic(), self._refusal
                if refusal is not None and wait > 0:
                    raise GatewayError(refusal.kind, refusal.text, refusal.details, wait)
                try:
                    self._credential = await self._signed_in()
                except GatewayError as error:
                    if error.kind in (ErrorKind.RATE_LIMITED, ErrorKind.UNAUTHENTICATED):
                        self._refuse(error)
                    raise
            return self._credential

    def _refuse(self, error: GatewayError) -> None:
        self._refusal, self._not_before = error, self._clock.monotonic() + _RATIONED_SECONDS

    async def _signed_in(self) -> Secret:
        answer = await self._send("POST", "auth/login", {"hash": token_hash(self._token.reveal())}, None)
        if answer.error == RATE_LIMIT:
            raise GatewayError(ErrorKind.RATE_LIMITED, Text("onebot.web_rationed", {}), None, _RATIONED_SECONDS)
        data = answer.data
        if isinstance(data, dict) and data.get("require2FA"):
            raise GatewayError(
                ErrorKind.UNAUTHENTICATED, Text("onebot.web_second_factor", {}), {"code": "second_factor"}
            )
        if answer.error or not isinstance(data, dict) or not data.get("Credential"):
            raise GatewayError(ErrorKind.UNAUTHENTICATED, Text("onebot.web_token", {"reason": answer.error}))
        return Secret(str(data["Credential"]))

    async def _send(self, method: str, path: str, body: Any, credential: Secret | None) -> WebAnswer:
        headers = {"content-type": "application/json"}
        if credential is not None:
            headers["authorization"] = f"Bearer {credential.reveal()}"
        payload = orjson.dumps(body) if method == "POST" else None
        call = UpstreamCall(method, f"{self._url}/api/{path}", headers, payload, _PATIENCE, redirects=False)
        answer = await self._transport.send(call)
        try:
            return read_answer(answer.status, await answer.read(_MOST))
        finally:
            await answer.close()
