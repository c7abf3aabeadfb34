"""Rate-limit headers, and what is told of a key: how much of an allowance is left, and when it is whole again. Pure.

Sources: Anthropic's and OpenAI's documentation of rate limits; Groq, Mistral, OpenRouter and others use OpenAI's names or
the bare `x-ratelimit-limit`, `-remaining`, `-reset`. OpenRouter's documentation of `GET /api/v1/key`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from crawdad.core.budgets import window_end
from crawdad.wire.refusals import duration

_ANTHROPIC = "anthropic-ratelimit-"
_OPENAI = "x-ratelimit-"
_ANTHROPIC_KINDS = ("requests", "tokens", "input-tokens", "output-tokens")
_OPENAI_KINDS = ("requests", "tokens")
_EPOCH = 1_000_000_000
_LATEST = 4_000_000_000
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left: a percentage, and when it is whole again (Unix seconds; None where nobody said)."""

    percentage: int
    resets_at: float | None


def read_allowance(headers: Mapping[str, str], now: float) -> Allowance | None:
    """The scarcest of the allowances that an answer's headers tell; None where they tell none."""
    found: Allowance | None = None
    if headers.get(_ANTHROPIC + "requests-limit") or headers.get(_ANTHROPIC + "tokens-limit"):
        for kind in _ANTHROPIC_KINDS:
            name = f"{_ANTHROPIC}{kind}-"
            found = _scarcer(found, _allowance(headers, name + "limit", name + "remaining", name + "reset", now))
    elif headers.get(_OPENAI + "limit-requests") or headers.get(_OPENAI + "limit-tokens"):
        for kind in _OPENAI_KINDS:
            names = (f"{_OPENAI}limit-{kind}", f"{_OPENAI}remaining-{kind}", f"{_OPENAI}reset-{kind}")
            found = _scarcer(found, _allowance(headers, *names, now))
    elif headers.get(_OPENAI + "limit"):
        found = _allowance(headers, _OPENAI + "limit", _OPENAI + "remaining", _OPENAI + "reset", now)
    return found


@dataclass(frozen=True, slots=True)
class KeyStanding:
    """What an upstream tells of a key. No `allowance`: there is no limit to it. No `plan`: nothing is said of one."""

    allowance: Allowance | None = None
    plan: str | None = None


def read_key(document: Any, now: float) -> KeyStanding:
    """What OpenRouter says of a key: the credit that is left of its limit, and whether it is of the free tier."""
    data = document.get("data") if isinstance(document, dict) else None
    if not isinstance(data, dict):
        return KeyStanding()
    free = data.get("is_free_tier")
    plan = "free" if free is True else "paid" if free is False else None
    limit, left = _number(data.get("limit")), _number(data.get("limit_remaining"))
    if limit is None or left is None:
        return KeyStanding(None, plan)
    return KeyStanding(Allowance(percentage_of(left, limit), _reset_of(data.get("limit_reset"), now)), plan)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _reset_of(period: Any, now: float) -> float | None:
    """When a period of UTC ends; weeks begin on Monday."""
    if period == "daily":
        return window_end("day", now)
    if period == "monthly":
        return window_end("month", now)
    if period == "weekly":
        return ((now // _DAY + 3) // 7 * 7 + 4) * _DAY  # the first day of Unix time was a Thursday
    return None


def rfc3339(moment: float) -> str:
    """A Unix time as vendors write it: UTC, whole seconds."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def unix_time(text: str) -> float | None:
    """The Unix time of an RFC 3339 text; None where it is none."""
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=found.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError):
        return None


def percentage_of(left: float, limit: float) -> int:
    """What is left of a limit, rounded down: whoever has used something has less than all."""
    return max(0, min(100, int(100 * left / limit))) if limit > 0 else 0


def _allowance(headers: Mapping[str, str], limit: str, remaining: str, reset: str, now: float) -> Allowance | None:
    try:
        most, left = float(headers.get(limit, "")), float(headers.get(remaining, ""))
    except ValueError:
        return None
    if not (0 < most < 1e18 and 0 <= left < 1e18):
        return None
    return Allowance(percentage_of(left, most), _moment(headers.get(reset, ""), now))


def _moment(text: str, now: float) -> float | None:
    """A time of day in any of the ways that vendors write it: RFC 3339, a span from now, Unix seconds or milliseconds."""
    span = duration(text[:64]) if text else None
    if span is None:
        if not text.isdigit():
            return unix_time(text[:64])
        span = float(text[:16])
    if span >= _EPOCH * 1000:
        span /= 1000
    moment = span if span >= _EPOCH else now + span
    return moment if moment < _LATEST else None


def _scarcer(one: Allowance | None, other: Allowance | None) -> Allowance | None:
    if one is None or other is None:
        return one or other
    return other if other.percentage < one.percentage else one
