"""How a process ended: its exit code, or the signal that ended it."""

from __future__ import annotations

import signal
from typing import Any

from crawdad.app.words import words


def facts_of(code: int) -> dict[str, Any]:
    """What it ended with, for a log. A negative code is a signal's."""
    return {"signal": signal.Signals(-code).name} if code < 0 else {"exit_code": code}


def described(code: int) -> str:
    """The same in words."""
    return signal.Signals(-code).name if code < 0 else words("up.exit_code", code=code)
