"""Signing in to iLink: a QR code, a number that the phone may show, and the credentials that come of it."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from urllib.parse import quote, urlsplit

import orjson

from crawdad.adapters.channels.weixin.api import WeixinApi
from crawdad.adapters.channels.weixin.settings import WeixinSettings
from crawdad.core.channels import ChannelContext, SignInStep
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.wire.weixin.requests import INVALID
from crawdad.wire.weixin.sign_in import Credentials, SignIn, next_turn

_POLL_SECONDS = 35.0
_GRACE_SECONDS = 5.0


class SigningIn:
    """One sign-in at a time. `probe` asks whether the account is signed in already; `signed_in` is told when it is anew."""

    def __init__(
        self,
        context: ChannelContext,
        settings: WeixinSettings,
        api: WeixinApi,
        probe: Callable[[], Awaitable[object]],
        signed_in: Callable[[], None],
    ) -> None:
        self._context, self._settings, self._api = context, settings, api
        self._probe, self._signed_in = probe, signed_in
        self._signing: SignIn | None = None

    async def begin(self, *, force: bool) -> SignInStep:
        """Begin with a QR code."""
        state = self._context.state
        token = await state.get("token")
        if token and not force:
            with contextlib.suppress(GatewayError):
                await self._probe()
                return SignInStep("already", identity=str(await state.get("bot") or ""))
        now = self._context.clock.monotonic()
        self._signing = await self._new_code(SignIn("", "", "", 0, now, now))
        return SignInStep("qr", qr=self._signing.shown)

    async def _new_code(self, sign_in: SignIn) -> SignIn:
        """A fresh code, from where sign-ins begin: a redirect is good for its own code only."""
        token = await self._context.state.get("token")
        base = self._settings.base_url.rstrip("/")
        answer = None
        for tokens in ([token], []) if token else ([],):
            body = orjson.dumps({"local_token_list": tokens})
            answer = await self._api.exchange("POST", f"{base}/ilink/bot/get_bot_qrcode?bot_type=3", body, "", 15.0)
            if answer.code != INVALID:  # which it says of tokens that are long dead
                break
        assert answer is not None
        code, shown = str(answer.body.get("qrcode") or ""), str(answer.body.get("qrcode_img_content") or "")
        if not answer.ok or not code or not shown:
            raise GatewayError(ErrorKind.UPSTREAM_ERROR, answer.words)
        return SignIn(code, shown, base, sign_in.codes + 1, self._context.clock.monotonic(), sign_in.since)

    async def poll(self, code: str) -> SignInStep:
        """How it goes on. `code` is the number that the phone shows, when one was asked for."""
        typed = code.strip()
        deadline = self._context.clock.monotonic() + _POLL_SECONDS
        sign_in: SignIn | None = self._signing
        while sign_in is not None:
            asked = f"?qrcode={quote(sign_in.code, safe='')}" + (
                f"&verify_code={quote(typed, safe='')}" if typed else ""
            )
            answer: JsonObject = {}
            try:
                got = await self._api.exchange(
                    "GET",
                    f"{sign_in.base}/ilink/bot/get_qrcode_status{asked}",
                    None,
                    "",
                    _POLL_SECONDS + _GRACE_SECONDS,
                )
                answer = got.body if got.status < 500 else {}
            except GatewayError:
                await self._context.clock.sleep(1.0)
            turn = next_turn(sign_in, answer, self._context.clock.monotonic(), urlsplit(self._settings.base_url).scheme)
            self._signing = sign_in = turn.sign_in
            if turn.what == "refresh":
                self._signing = await self._new_code(sign_in)
                return SignInStep("qr", qr=self._signing.shown)
            if turn.credentials is not None:
                await self._take(turn.credentials)
            if turn.what == "over":
                self._signing = None
            if turn.step is not None:
                return turn.step
            if self._context.clock.monotonic() >= deadline:
                return SignInStep("qr", qr=sign_in.shown)
            await self._context.clock.sleep(1.0)
        return SignInStep("expired")

    async def _take(self, credentials: Credentials) -> None:
        state = self._context.state
        if credentials.bot != await state.get("bot"):
            await state.delete("cursor")  # another bot's news are counted anew
        await state.put("bot", credentials.bot)
        await state.put("base_url", credentials.base_url or self._settings.base_url)
        await state.put("owner", credentials.owner)
        await state.put("token", credentials.token)
        self._signed_in()
