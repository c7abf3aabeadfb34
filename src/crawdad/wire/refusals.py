"""What a vendor's refusal tells: why, and how long to wait. Pure.

Sources: RFC 9110 (`Retry-After`), Google's error model (`RetryInfo`, `QuotaFailure`, `ErrorInfo`), OpenAI's and Anthropic's
error documentation, and the words that vendors put into their messages.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from crawdad.wire.fields import parse_error

Reason = Literal["rate_limit", "quota", "spent", "capacity", "server_error", "unauthorized", "forbidden", "unknown"]
"""`quota`: an allowance for a longer time is used up; `spent`: the account's money or plan is; `capacity`: the vendor has no
room for the model; `server_error`: a fault of the vendor's own."""

_MOST_CHARACTERS = 4000
_DURATION = re.compile(
    r"(\d+(?:\.\d+)?)\s*(milliseconds?|ms|minutes?|mins?|m|seconds?|secs?|s|hours?|hrs?|h|days?|d)(?![a-z])",
    re.IGNORECASE,
)
_UNIT_SECONDS = {"m": 60.0, "s": 1.0, "h": 3600.0, "d": 86400.0}
_SPAN = r"((?:\d+(?:\.\d+)?\s*[a-z]+[\s,]*)+|\d+(?:\.\d+)?)"
_PHRASES = tuple(
    re.compile(words + r"\s*" + _SPAN, re.IGNORECASE)
    for words in (
        r"try again (?:in|after)",
        r"(?:backoff for|wait(?: for)?)",
        r"(?:quota will )?reset (?:in|after)",
        r"retry (?:after|in)",
    )
)
_PER_SHORT = re.compile(r"per[ _-]?(?:minute|second)|rate[ _-]?limit|too many requests|concurren", re.IGNORECASE)
_LONGER = re.compile(r"exhausted|quota|per[ _-]?(?:day|week|month)|usage limit", re.IGNORECASE)
_REASONS: Mapping[str, Reason] = {
    "QUOTA_EXHAUSTED": "quota",
    "RATE_LIMIT_EXCEEDED": "rate_limit",
    "MODEL_CAPACITY_EXHAUSTED": "capacity",
    "insufficient_quota": "spent",
    "billing_hard_limit_reached": "spent",
    "rate_limit_exceeded": "rate_limit",
    "rate_limit_error": "rate_limit",
    "billing_error": "spent",
    "overloaded_error": "server_error",
}
_STATUS: Mapping[int, Reason] = {401: "unauthorized", 402: "spent", 403: "forbidden"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a vendor refused, and the wait in seconds that it told (None: it told none)."""

    reason: Reason
    wait: float | None = None


def read_refusal(status: int, headers: Mapping[str, str], body: bytes, now: float) -> Refusal | None:
    """What an answer with an error status tells of the account that asked; None where it tells nothing of it.

    `now` (Unix seconds) is what an HTTP date is measured against where the answer has no date of its own.
    """
    if status not in (401, 402, 403, 429) and status < 500:
        return None
    document = parse_error(body)
    error = _error(document)
    message = _message(error, document, body)
    wait = header_wait(headers, now)
    if status in _STATUS:
        return Refusal(_STATUS[status], wait)
    reason = _structured(error) or ("server_error" if status != 429 else _worded(message))
    if wait is None and not (reason == "quota" and _is_daily(error)):
        # Google tells seconds to wait even where the day's allowance is gone: a wait that would lead nowhere.
        wait = _body_wait(error, message)
    return Refusal(reason, wait)


def duration(text: str) -> float | None:
    """Seconds in a span of time: `2h1m1s`, `42.3s`, `500ms`, `1 minute`, or a bare number of seconds. None: it is none."""
    text = text.strip()
    try:
        bare = float(text)
    except ValueError:
        bare = math.nan
    if not math.isnan(bare):
        return bare if 0 <= bare < 1e9 else None
    total, position = 0.0, 0
    for match in _DURATION.finditer(text):
        if text[position : match.start()].strip(" ,") or len(match[1]) > 12:
            break
        unit = match[2].lower()
        scale = 0.001 if unit.startswith(("ms", "milli")) else _UNIT_SECONDS[unit[0]]
        total += float(match[1]) * scale
        position = match.end()
    return total if position and total < 1e9 else None


def violations(body: bytes) -> list[dict[str, Any]]:
    """The quotas that Google says were exceeded (`QuotaFailure`): objects with `quotaId`, `quotaDimensions`, `quotaValue`."""
    return _violations(_error(parse_error(body)))


def _violations(error: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for entry in _details(error):
        listed = entry.get("violations")
        found += [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    return found


def _error(document: Any) -> dict[str, Any]:
    if isinstance(document, list) and document:
        document = document[0]
    if not isinstance(document, dict):
        return {}
    inner = document.get("error")
    return inner if isinstance(inner, dict) else document


def _message(error: dict[str, Any], document: Any, body: bytes) -> str:
    message = error.get("message")
    if isinstance(message, str):
        return message[:_MOST_CHARACTERS]
    if isinstance(document, dict) and isinstance(document.get("error"), str):
        return str(document["error"])[:_MOST_CHARACTERS]
    return body[:_MOST_CHARACTERS].decode("utf-8", "replace")


def _details(error: dict[str, Any]) -> list[dict[str, Any]]:
    listed = error.get("details")
    return [entry for entry in listed[:50] if isinstance(entry, dict)] if isinstance(listed, list) else []


def _structured(error: dict[str, Any]) -> Reason | None:
    """The reason that a machine's word in the error gives."""
    for entry in _details(error):
        word = entry.get("reason")
        if isinstance(word, str) and word in _REASONS:
            return _REASONS[word]
    ids = [str(item.get("quotaId", "")) for item in _violations(error)]
    if any("PerDay" in name for name in ids):
        return "quota"
    if any("PerMinute" in name for name in ids):
        return "rate_limit"
    for name in ("code", "type"):
        word = error.get(name)
        if isinstance(word, str) and word in _REASONS:
            return _REASONS[word]
    return None


def _is_daily(error: dict[str, Any]) -> bool:
    return any("PerDay" in str(item.get("quotaId", "")) for item in _violations(error))


def _worded(message: str) -> Reason:
    if _PER_SHORT.search(message):
        return "rate_limit"
    return "quota" if _LONGER.search(message) else "unknown"


def header_wait(headers: Mapping[str, str], now: float) -> float | None:
    """The seconds that an answer's headers ask to wait, as a number or until a date; None: they ask for nothing."""
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue
        try:
            seconds = float(value) * scale
        except ValueError:
            found = _until(value, headers.get("date"), now)
            if found is not None:
                return found
            continue
        if 0 <= seconds < 1e9:
            return seconds
    return None


def _until(value: str, sent: str | None, now: float) -> float | None:
    """Seconds until an HTTP date, seen from the answer's own date: the vendor's clock need not be ours."""
    try:
        until = parsedate_to_datetime(value).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
    try:
        start = parsedate_to_datetime(sent).timestamp() if sent else now
    except (ValueError, TypeError, OverflowError):
        start = now
    return min(max(0.0, until - start), 1e9)


def _body_wait(error: dict[str, Any], message: str) -> float | None:
    for entry in _details(error):
        metadata = entry.get("metadata")
        value = metadata.get("quotaResetDelay") if isinstance(metadata, dict) else None
        if isinstance(value, str) and (found := duration(value[:64])) is not None:
            return found
    for entry in _details(error):
        value = entry.get("retryDelay")
        if isinstance(value, str) and (found := duration(value[:64])) is not None:
            return found
    told = error.get("retry_after")
    if isinstance(told, (int, float)) and not isinstance(told, bool) and 0 <= told < 1e9:
        return float(told)
    for phrase in _PHRASES:
        match = phrase.search(message)
        if match is not None and (found := duration(match[1][:64])) is not None:
            return found
    return None
