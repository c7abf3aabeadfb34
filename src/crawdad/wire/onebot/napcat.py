"""NapCat's web API: `POST /api/…` with JSON, always HTTP 200, `{"code": 0, "data", "message"}` or `{"code": -1, "message"}`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import orjson

from crawdad.core.channels import SignInStep

UNAUTHORIZED = "Unauthorized"
RATE_LIMIT = "login rate limit"
LOGGED_IN = "QQ Is Logined"


def token_hash(token: str) -> str:
    """What is sent of the web token to sign in."""
    return hashlib.sha256(f"{token}.napcat".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """An answer: its data, or in `error` what went wrong."""

    data: Any
    error: str = ""


def read_answer(status: int, body: bytes) -> WebAnswer:
    """What an answer says."""
    try:
        answer = orjson.loads(body)
    except ValueError:
        return WebAnswer(None, f"HTTP {status}")
    if not isinstance(answer, dict):
        return WebAnswer(None, f"HTTP {status}")
    if answer.get("code") == 0 and status == 200:
        return WebAnswer(answer.get("data"))
    return WebAnswer(None, str(answer.get("message") or answer.get("error") or f"HTTP {status}")[:300])


@dataclass(frozen=True, slots=True)
class LoginStatus:
    """Where QQ's sign-in stands."""

    online: bool = False
    offline: bool = False
    """Signed in, and thrown off since."""
    qr: str = ""
    error: str = ""


def read_status(data: Any) -> LoginStatus:
    """What `CheckLoginStatus` says; any field may be missing early."""
    if not isinstance(data, dict):
        return LoginStatus()
    return LoginStatus(
        data.get("isLogin") is True,
        data.get("isOffline") is True,
        str(data.get("qrcodeurl") or ""),
        str(data.get("loginError") or ""),
    )


def step_of(status: LoginStatus, shown: str) -> SignInStep | None:
    """The news in a status for somebody who was shown the QR code `shown`; None: none yet."""
    if status.online:
        return SignInStep("connected")
    if status.qr and status.qr != shown:
        return SignInStep("qr", qr=status.qr, message=status.error)
    if status.error:
        return SignInStep("failed", message=status.error)
    return None
