"""NapCat's web page on loopback, with its habits: sign-ins are rationed by the minute, the ones that succeed as well;
credentials end after an hour, and when NapCat starts again; everything is HTTP 200, except what it does not know."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable
from typing import Any

import orjson

from tests.simulators.onebot import SELF_ID
from tests.support.upstreams.loopback import LoopbackServer, Received, Reply

Json = dict[str, Any]
PASSWORD_MD5 = hashlib.md5(b"pw").hexdigest()
CAPTCHA = "https://ti.qq.com/safe/tools/captcha/sms-verify-login?uin=10001&sid=S1D&aid=2081081773"
SIGNATURE = "nt-token"


class Refused(Exception):
    """NapCat says no, in these words."""


class NapcatWebSimulator(LoopbackServer):
    """One NapCat. `rate`: sign-ins a minute; `now`: its clock, in seconds; `old`: of before 2026, with fewer routes."""

    def __init__(self, token: str = "secret-tok", rate: int = 3, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.hash = hashlib.sha256(f"{token}.napcat".encode()).hexdigest()
        self.rate = rate
        self.now = now
        self.old = False
        self.sign_ins = 0
        self.credential = ""
        self.status: Json = {
            "isLogin": False,
            "isOffline": False,
            "qrcodeurl": "https://txz.qq.com/p?k=1",
            "loginError": "",
        }
        self.needs_second_factor = False
        self.paths: list[str] = []
        self.codes_until_new = 1
        """How often the old code is still shown after a new one was asked for; beyond: it never comes."""
        self.quick = ["10001", "10002"]
        self.auto_login = "10001"
        self.wants: list[str] = []
        """What a sign-in by password is asked for before it succeeds: `captcha`, `device`."""
        self.device_states = [0, 3, 1]
        self.restarts = 0
        self.can_restart = True
        self._window = -60.0
        self._in_window = 0
        self._credential_at = 0.0
        self._waiting: int | None = None

    def expire(self) -> None:
        """The credential is good no longer (NapCat was started again)."""
        self.credential = ""

    def scan(self) -> None:
        """Somebody scans the code and confirms."""
        self.status = {"isLogin": True, "isOffline": False, "qrcodeurl": "", "loginError": ""}

    async def answer(self, request: Received, reply: Reply) -> None:
        """Answer as the page does."""
        path = request.path.removeprefix("/api/")
        self.paths.append(path)
        try:
            data = self._answer(path, request)
        except Refused as error:
            await reply.whole(200, {"code": -1, "message": str(error)})
            return
        except LookupError:
            await reply.whole(404, b"<pre>Cannot POST</pre>", {"content-type": "text/html"})
            return
        await reply.whole(200, {"code": 0, "data": data, "message": "success"})

    def _answer(self, path: str, request: Received) -> Any:
        if path == "auth/login":
            return self._sign_in(request)
        given = request.headers.get("authorization", "")
        alive = self.credential and self.now() - self._credential_at < 3600
        if not alive or given != f"Bearer {self.credential}":
            raise Refused("Unauthorized")
        handler = getattr(self, "_on_" + path.replace("/", "_"), None)
        if handler is None:
            raise LookupError(path)
        return handler(request.json if request.body else {})

    def _sign_in(self, request: Received) -> Json:
        self.sign_ins += 1
        if self.now() - self._window >= 60:
            self._window, self._in_window = self.now(), 0
        self._in_window += 1
        if self._in_window > self.rate:
            raise Refused("login rate limit")
        given = request.json.get("hash")
        if not given:
            raise Refused("token is empty")
        if given != self.hash:
            raise Refused("token is invalid")
        if self.needs_second_factor:
            return {"require2FA": True, "message": "2FA"}
        inner = {"Data": {"CreatedTime": self.sign_ins, "HashEncoded": given}, "Hmac": "00"}
        self.credential, self._credential_at = base64.b64encode(orjson.dumps(inner)).decode(), self.now()
        return {"Credential": self.credential}

    def _not_logged_in(self) -> None:
        if self.status["isLogin"]:
            raise Refused("QQ Is Logined")

    def _on_QQLogin_CheckLoginStatus(self, body: Json) -> Json:
        return self.status

    def _on_QQLogin_GetQQLoginQrcode(self, body: Json) -> Json:
        self._not_logged_in()
        if self._waiting is not None:
            self._waiting -= 1
            if self._waiting < 0:
                self._waiting = None
                self.status = {**self.status, "qrcodeurl": f"{self.status['qrcodeurl']}n"}
        if not self.status["qrcodeurl"]:
            raise Refused("QRCode Get Error")
        return {"qrcode": self.status["qrcodeurl"]}

    def _on_QQLogin_RefreshQRcode(self, body: Json) -> None:
        if self.old:
            raise LookupError
        self._not_logged_in()
        self._waiting = self.codes_until_new

    def _on_QQLogin_GetQQLoginInfo(self, body: Json) -> Json:
        return {"uin": str(SELF_ID), "nick": "Claw", "uid": "u_x", "online": True, "avatarUrl": "http://a/x"}

    def _on_QQLogin_GetQuickLoginListNew(self, body: Json) -> list[Json]:
        if self.old:
            raise LookupError
        return [{"uin": one, "uid": "", "nickName": f"N{one}", "faceUrl": "", "loginType": 1} for one in self.quick]

    def _on_QQLogin_GetQuickLoginList(self, body: Json) -> list[str]:
        return self.quick

    def _on_QQLogin_SetQuickLogin(self, body: Json) -> None:
        self._not_logged_in()
        if not body.get("uin"):
            raise Refused("uin is empty")
        if body["uin"] not in self.quick:
            raise Refused("该账号无法快速登录")
        self.scan()

    def _on_QQLogin_GetQuickLoginQQ(self, body: Json) -> str:
        return self.auto_login

    def _on_QQLogin_SetQuickLoginQQ(self, body: Json) -> None:
        self.auto_login = body["uin"]

    def _password(self, body: Json) -> None:
        self._not_logged_in()
        for name in ("uin", "passwordMd5"):
            if not body.get(name):
                raise Refused(f"{name} is empty")
        if body["passwordMd5"] != PASSWORD_MD5:
            raise Refused("密码错误")

    def _step(self) -> Json | None:
        match self.wants[:1]:
            case ["captcha"]:
                return {"needCaptcha": True, "proofWaterUrl": CAPTCHA}
            case ["device"]:
                return {"needNewDevice": True, "jumpUrl": "https://ti.qq.com/new", "newDevicePullQrCodeSig": "sig"}
        self.scan()
        return None

    def _on_QQLogin_PasswordLogin(self, body: Json) -> Json | None:
        self._password(body)
        return self._step()

    def _on_QQLogin_CaptchaLogin(self, body: Json) -> Json | None:
        self._password(body)
        for name in ("ticket", "randstr"):
            if not body.get(name):
                raise Refused(f"{name} is empty")
        if body["ticket"] != "t0" or body["sid"] != "S1D":
            raise Refused("验证码错误")
        self.wants.remove("captcha")
        return self._step()

    def _on_QQLogin_GetNewDeviceQRCode(self, body: Json) -> Json:
        if not body.get("uin") or not body.get("jumpUrl"):
            raise Refused("jumpUrl is empty")
        return {"str_url": "https://ti.qq.com/qr/1", "bytes_token": "bt"}

    def _on_QQLogin_PollNewDeviceQR(self, body: Json) -> Json:
        if body.get("bytesToken") != "bt":
            raise Refused("bytesToken is empty")
        state = self.device_states.pop(0)
        return {"uint32_guarantee_status": state, **({"str_nt_succ_token": SIGNATURE} if state == 1 else {})}

    def _on_QQLogin_NewDeviceLogin(self, body: Json) -> Json | None:
        self._password(body)
        if body.get("newDevicePullQrCodeSig") != SIGNATURE:
            raise Refused("sig")
        self.wants.remove("device")
        return self._step()

    def _on_Process_Restart(self, body: Json) -> Json:
        if self.old:
            raise LookupError
        return self._restarted()

    def _on_QQLogin_RestartNapCat(self, body: Json) -> Json:
        return self._restarted()

    def _restarted(self) -> Json:
        if not self.can_restart:
            raise Refused("Restart failed")
        self.restarts += 1
        self.expire()
        code = "https://txz.qq.com/p?k=again"
        self.status = {"isLogin": False, "isOffline": False, "qrcodeurl": code, "loginError": ""}
        return {"message": "Restart initiated"}
