"""Signing in by QR code: what a status asks for next. Pure; who polls keeps the `SignIn` that comes back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from crawdad.core.channels import SignInStep
from crawdad.core.parts import JsonObject

MOST_CODES = 3
"""The first and two more; then one begins anew."""
CODE_SECONDS = 300.0
WHOLE_SECONDS = 480.0

Next = Literal["wait", "refresh", "over", "ask"]


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a sign-in brings."""

    token: str
    bot: str
    base_url: str
    owner: str


@dataclass(frozen=True, slots=True)
class SignIn:
    """A sign-in that goes on. `base` is where it is asked how (a redirect moves it)."""

    code: str
    shown: str
    base: str
    codes: int = 1
    code_since: float = 0.0
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class Turn:
    """What to do now: tell `step` (if there is one), and then `what`."""

    sign_in: SignIn
    what: Next
    step: SignInStep | None = None
    credentials: Credentials | None = None


def next_turn(sign_in: SignIn, answer: JsonObject, now: float, scheme: str = "https") -> Turn:
    """What a status means. A redirect names a host without a scheme: `scheme` is put before it."""
    status = str(answer.get("status") or "wait")
    if now - sign_in.since > WHOLE_SECONDS:
        return Turn(sign_in, "over", SignInStep("expired"))
    match status:
        case "scaned":
            return Turn(sign_in, "wait", SignInStep("scanned"))
        case "need_verifycode":
            return Turn(sign_in, "ask", SignInStep("need_code"))
        case "scaned_but_redirect":
            host = str(answer.get("redirect_host") or "")
            base = host if "://" in host else f"{scheme}://{host}"
            return Turn(replace(sign_in, base=base) if host else sign_in, "wait")
        case "binded_redirect":
            return Turn(sign_in, "over", SignInStep("already"))
        case "cancel" | "canceled" | "denied":
            return Turn(sign_in, "over", SignInStep("denied"))
        case "confirmed":
            return _confirmed(sign_in, answer)
        case "expired" | "verify_code_blocked":
            return _refresh(sign_in)
    return _refresh(sign_in) if now - sign_in.code_since > CODE_SECONDS else Turn(sign_in, "wait")


def _refresh(sign_in: SignIn) -> Turn:
    if sign_in.codes >= MOST_CODES:
        return Turn(sign_in, "over", SignInStep("expired"))
    return Turn(sign_in, "refresh")


def _confirmed(sign_in: SignIn, answer: JsonObject) -> Turn:
    token, bot = str(answer.get("bot_token") or ""), str(answer.get("ilink_bot_id") or "")
    if not token or not bot:
        return Turn(sign_in, "over", SignInStep("failed"))
    owner = str(answer.get("ilink_user_id") or "")
    credentials = Credentials(token, bot, str(answer.get("baseurl") or ""), owner)
    return Turn(sign_in, "over", SignInStep("connected", identity=bot, owner=owner), credentials)
