"""Signing QQ in and out, by NapCat's web page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from crawdad.adapters.channels.onebot.napcat_web import NapcatWeb
from crawdad.adapters.channels.onebot.settings import OneBotSettings
from crawdad.adapters.channels.onebot.signing_out import sign_out
from crawdad.core.channels import ChannelContext, SignInStep
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text
from crawdad.wire.onebot.napcat import LOGGED_IN, read_status, step_of

_SIGN_IN_SECONDS = 2.0
_SIGN_IN_POLLS = 15


class SigningIn:
    """The sign-in of one account."""

    def __init__(self, context: ChannelContext, settings: OneBotSettings) -> None:
        self._context = context
        self._settings = settings
        self._web: NapcatWeb | None = None
        self._shown_qr = ""

    def web(self) -> NapcatWeb:
        """NapCat's web page. Raises BAD_REQUEST where the settings do not name it."""
        settings = self._settings.napcat
        if not settings.web_url or not settings.web_token:
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("onebot.no_web", {}))
        if self._web is None:
            self._web = NapcatWeb(self._context.transport, self._context.clock, settings.web_url, settings.web_token)
        return self._web

    async def begin(self) -> SignInStep:
        """Begin a sign-in with a QR code."""
        if not self._settings.napcat.web_url:
            return SignInStep("unsupported", message=Text("onebot.no_web", {}))
        web = self.web()
        status = read_status(await web.ask("QQLogin/CheckLoginStatus"))
        if status.online:
            return await self._signed_in("already")
        try:
            data = await web.ask("QQLogin/GetQQLoginQrcode")
        except GatewayError as error:
            if error.message() == LOGGED_IN:
                return await self._signed_in("already")
            raise
        self._shown_qr = str((data or {}).get("qrcode") or status.qr)
        return SignInStep("qr", qr=self._shown_qr)

    async def poll(self) -> SignInStep:
        """How it goes on."""
        web = self.web()
        for _ in range(_SIGN_IN_POLLS):
            step = step_of(read_status(await web.ask("QQLogin/CheckLoginStatus")), self._shown_qr)
            if step is not None:
                if step.state == "connected":
                    return await self._signed_in("connected")
                self._shown_qr = step.qr or self._shown_qr
                return step
            await self._context.clock.sleep(_SIGN_IN_SECONDS)
        return SignInStep("qr", qr=self._shown_qr)

    async def _signed_in(self, state: Any) -> SignInStep:
        info = await self.web().ask("QQLogin/GetQQLoginInfo")
        data = info if isinstance(info, dict) else {}
        identity = " ".join(str(data[name]) for name in ("nick", "uin") if data.get(name))
        return SignInStep(state, identity=identity, owner=self._settings.owner_qq)

    async def sign_out(self, restart: Callable[[], Awaitable[object]]) -> JsonObject:
        """See `signing_out`."""
        return await sign_out(self.web(), self._settings.napcat.session_path, restart)

    def forget(self) -> None:
        """The code that was shown counts no more."""
        self._shown_qr = ""
