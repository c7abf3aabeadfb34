"""What a person may change about a session, and to what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crawdad.core.errors import GatewayError, bad_request

MOST_TITLE = 200
MOST_LABEL = 64
_LEVELS = frozenset(("off", "minimal", "low", "medium", "high", "xhigh", "max", "adaptive"))
_CHOICES: Mapping[str, frozenset[str] | None] = {
    "model": None,
    "thinkingLevel": _LEVELS,
    "verboseLevel": frozenset(("off", "on", "full")),
    "reasoningLevel": frozenset(("off", "on", "stream")),
    "elevatedLevel": frozenset(("off", "on", "ask", "full")),
    "responseUsage": frozenset(("off", "tokens", "full", "on")),
    "groupActivation": frozenset(("mention", "always")),
    "sendPolicy": frozenset(("allow", "deny")),
    "queueMode": frozenset(("steer", "followup", "collect", "steer-backlog", "interrupt", "queue")),
    "queueDrop": frozenset(("old", "new", "summarize")),
    "execHost": frozenset(("sandbox", "gateway", "node")),
    "execSecurity": frozenset(("deny", "allowlist", "full")),
    "execAsk": frozenset(("off", "on-miss", "always")),
}
_NUMBERS = {"queueDebounceMs": 600_000, "queueCap": 1000}


def checked(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an entry that `wanted` (OpenClaw's names) sets; None takes a setting away. Raises BAD_REQUEST."""
    values: dict[str, Any] = {}
    settings: dict[str, Any] = {}
    for name, value in wanted.items():
        if name == "title":
            values["title"] = _line(name, value, MOST_TITLE)
        elif name == "label":
            values["label"] = _line(name, value, MOST_LABEL)
        elif value is None and (name in _CHOICES or name in _NUMBERS):
            settings[name] = None
        elif name in _CHOICES:
            known = _CHOICES[name]
            if not isinstance(value, str) or (known is not None and value not in known) or not 0 < len(value) <= 256:
                raise _bad(name)
            settings[name] = value
        elif name in _NUMBERS:
            if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _NUMBERS[name]:
                raise _bad(name)
            settings[name] = value
        else:
            raise _bad(name)
    if settings:
        values["settings"] = settings
    return values


def _line(name: str, value: Any, most: int) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > most:
        raise _bad(name)
    return " ".join(value.split())


def _bad(name: str) -> GatewayError:
    return bad_request("sessions.bad_field", name[:64])
