"""Signing in to an account of a platform, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from crawdad.core.text import Text

SignInState = Literal[
    "qr", "scanned", "need_code", "connected", "already", "expired", "denied", "failed", "unsupported"
]


SIGN_IN_OVER: frozenset[SignInState] = frozenset(("connected", "already", "expired", "denied", "failed", "unsupported"))


@dataclass(frozen=True, slots=True)
class SignInStep:
    """Where a sign-in stands. `qr` is the text to be drawn as a QR code (a URL mostly; also after each refresh, which is
    state `qr` again). `need_code`: `sign_in_poll` is to be called with what the person typed. `identity` is whose account it
    has become; `owner` the platform id of the person who scanned, who need not be paired."""

    state: SignInState
    qr: str = ""
    message: Text | str = ""
    identity: str = ""
    owner: str = ""
