"""Signing QQ in and out, by NapCat's web API: the answers are NapCat's own, as panels know them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Clock
from crawdad.core.text import Text
from crawdad.services.chat_accounts.direct import DirectAccess
from crawdad.wire.onebot.napcat import RATE_LIMIT, UNAUTHORIZED
from crawdad.wire.qr import qr_data_uri

QQ = "qq"
REFRESH_SECONDS = 4.0
_LOOK_SECONDS = 0.4
_MD5 = re.compile(r"[0-9a-fA-F]{32}\Z")
_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class NapcatReply:
    """What NapCat says: `code` 0 and `data`, or another code and `message`. `more`: what else we know of a refusal."""

    code: int
    data: Any = None
    message: Text | str = "success"
    more: JsonObject = field(default_factory=dict)


class QQSignIn:
    """The sign-in of the QQ account. Whatever is asked here raises NOT_FOUND, UNAVAILABLE or BAD_REQUEST where there is no QQ
    account or no web API of NapCat's in the settings, and UPSTREAM_* when that does not answer."""

    def __init__(self, access: DirectAccess, clock: Clock) -> None:
        self._access = access
        self._clock = clock

    async def ask(self, path: str, body: Mapping[str, Any] | None = None) -> NapcatReply:
        """One call below `/api/`. That NapCat refuses is an answer too."""
        try:
            return NapcatReply(0, await self._access.call(QQ, f"web:{path}", dict(body or {})))
        except GatewayError as error:
            refused = _refusal(error)
            if refused is None:
                raise
            return refused

    async def status(self) -> NapcatReply:
        """`{isLogin, isOffline, qrcodeurl, loginError}`."""
        return await self.ask("QQLogin/CheckLoginStatus")

    async def info(self) -> NapcatReply:
        """`{uid, uin, nick, online, avatarUrl}`."""
        return await self.ask("QQLogin/GetQQLoginInfo")

    async def code(self) -> NapcatReply:
        """`{qrcode}`: a picture, as a `data:` URI."""
        return _drawn(await self.ask("QQLogin/GetQQLoginQrcode"))

    async def new_code(self) -> NapcatReply:
        """Another QR code: NapCat makes it by and by, so that it is waited for."""
        before = await self.ask("QQLogin/GetQQLoginQrcode")
        asked = await self.ask("QQLogin/RefreshQRcode")
        if asked.code != 0:
            return asked
        until = self._clock.monotonic() + REFRESH_SECONDS
        while True:
            now = await self.ask("QQLogin/GetQQLoginQrcode")
            if now.code == 0 and _code_in(now) and _code_in(now) != _code_in(before):
                return _drawn(now)
            if self._clock.monotonic() >= until:
                return NapcatReply(-1, None, Text("napcat.code_unchanged")) if now.code == 0 else now
            await self._clock.sleep(_LOOK_SECONDS)

    async def quick_accounts(self) -> NapcatReply:
        """The numbers that can be signed in without a code, with what is known of them in `accounts`."""
        reply = await self.ask("QQLogin/GetQuickLoginListNew")
        if reply.code != 0:  # older ones have but the numbers
            reply = await self.ask("QQLogin/GetQuickLoginList")
        if reply.code != 0:
            return reply
        found = [one if isinstance(one, dict) else {"uin": one} for one in reply.data or () if one]
        accounts = [{**one, "uin": str(one["uin"])} for one in found if one.get("uin")]
        return NapcatReply(0, [one["uin"] for one in accounts], more={"accounts": accounts})

    async def quick(self, uin: str) -> NapcatReply:
        """Sign in as an account that was before."""
        return await self.ask("QQLogin/SetQuickLogin", {"uin": uin}) if uin else _empty("uin")

    async def by_password(self, uin: str, password_md5: str) -> NapcatReply:
        """Sign in by password. Code 0 may still want something: `needCaptcha` with `proofWaterUrl`, or `needNewDevice` with
        `jumpUrl`."""
        missing = _missing(uin=uin, passwordMd5=password_md5)
        if missing:
            return _empty(missing)
        return await self.ask("QQLogin/PasswordLogin", {"uin": uin, "passwordMd5": password_md5})

    async def with_captcha(
        self, uin: str, password_md5: str, ticket: str, randstr: str, sid: str, proof_water_url: str = ""
    ) -> NapcatReply:
        """Go on after the person has solved Tencent's captcha. `sid` is in the query of `proofWaterUrl`."""
        sid = sid or parse_qs(urlsplit(proof_water_url[:_LONGEST]).query).get("sid", [""])[0]
        missing = _missing(uin=uin, passwordMd5=password_md5, ticket=ticket, randstr=randstr)
        if missing:
            return _empty(missing)
        body = {"uin": uin, "passwordMd5": password_md5, "ticket": ticket, "randstr": randstr, "sid": sid}
        return await self.ask("QQLogin/CaptchaLogin", body)

    async def device_code(self, uin: str, jump_url: str) -> NapcatReply:
        """The QR code by which another device vouches for this one, as `qrcode`, with `bytes_token` to ask after it."""
        missing = _missing(uin=uin, jumpUrl=jump_url)
        if missing:
            return _empty(missing)
        reply = await self.ask("QQLogin/GetNewDeviceQRCode", {"uin": uin, "jumpUrl": jump_url})
        data = reply.data if isinstance(reply.data, dict) else {}
        if reply.code != 0 or not data.get("str_url"):
            return reply
        return NapcatReply(0, {**data, "qrcode": qr_data_uri(str(data["str_url"])[:_LONGEST])}, reply.message)

    async def device_state(self, uin: str, bytes_token: str) -> NapcatReply:
        """`uint32_guarantee_status`: 0 waits, 3 scanned, 1 confirmed with `str_nt_succ_token`."""
        missing = _missing(uin=uin, bytesToken=bytes_token)
        if missing:
            return _empty(missing)
        return await self.ask("QQLogin/PollNewDeviceQR", {"uin": uin, "bytesToken": bytes_token})

    async def from_device(self, uin: str, password_md5: str, signature: str) -> NapcatReply:
        """Go on after another device has vouched for this one. `signature`: its `str_nt_succ_token`."""
        missing = _missing(uin=uin, passwordMd5=password_md5, newDevicePullQrCodeSig=signature)
        if missing:
            return _empty(missing)
        body = {"uin": uin, "passwordMd5": password_md5, "newDevicePullQrCodeSig": signature}
        return await self.ask("QQLogin/NewDeviceLogin", body)

    async def log_out(self) -> bool:
        """Sign QQ out and have NapCat start again. Whether QQ's own session was removed: without, NapCat may sign in again by
        itself. Raises as everything here does, and when NapCat cannot be started again."""
        done = await self._access.call(QQ, "crawdad:sign_out", {})
        return bool(done["cleared"])


def password_md5(password: Any, digest: Any = None) -> str:
    """What NapCat wants of a password: its MD5 in lower-case hex. A digest that is one stands for itself; empty: neither."""
    if isinstance(password, str) and password:
        return hashlib.md5(password.encode(), usedforsecurity=False).hexdigest()
    if not isinstance(digest, str) or not digest:
        return ""
    return digest.lower() if _MD5.match(digest) else password_md5(digest)


def _refusal(error: GatewayError) -> NapcatReply | None:
    """What NapCat's no is to a client of its API; None: it is no answer of NapCat's."""
    match error.kind:
        case ErrorKind.UPSTREAM_ERROR:
            return NapcatReply(-1, None, error.message())
        case ErrorKind.RATE_LIMITED:
            more = {"reason": error.text, "retryAfter": error.retry_after}
            return NapcatReply(-1, None, RATE_LIMIT, more)
        case ErrorKind.UNAUTHENTICATED:
            second = error.details.get("code") == "second_factor"
            return NapcatReply(
                -1, None, UNAUTHORIZED, {"reason": error.text, **({"require2FA": True} if second else {})}
            )
    return None


def _code_in(reply: NapcatReply) -> str:
    data = reply.data if isinstance(reply.data, dict) else {}
    return str(data.get("qrcode") or "")


def _drawn(reply: NapcatReply) -> NapcatReply:
    code = _code_in(reply)
    if reply.code != 0 or not code.startswith("http"):
        return reply
    return NapcatReply(0, {**reply.data, "qrcode": qr_data_uri(code[:_LONGEST])}, reply.message)


def _missing(**values: str) -> str:
    return next((name for name, value in values.items() if not value), "")


def _empty(name: str) -> NapcatReply:
    return NapcatReply(-1, None, f"{name} is empty")
