"""What refusals tell: the vectors of the contract's facts, and bodies as vendors send them."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawdad.wire.rate_limits import Allowance, read_allowance, rfc3339
from crawdad.wire.refusals import Refusal, duration, read_refusal

NOW = 1_769_500_000.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2h1m1s", 7261),
        ("42.3s", 42.3),
        ("1h16m0.667s", 4560.667),
        ("90m", 5400),
        ("500ms", 0.5),
        ("1.203608125s", 1.203608125),
        ("1h", 3600),
        ("6m0s", 360),
        ("1d2h", 93600),
        ("20", 20),
        ("0.5", 0.5),
        ("1 minute 30 seconds", 90),
        ("", None),
        ("soon", None),
        ("-5s", None),
        ("9" * 40, None),
        ("nan", None),
        ("inf", None),
    ],
)
def test_spans_of_time(text: str, seconds: float | None) -> None:
    assert duration(text) == (None if seconds is None else pytest.approx(seconds))


@given(st.text(max_size=200))
def test_no_text_breaks_them(text: str) -> None:
    found = duration(text)
    assert found is None or 0 <= found < 1e9


def refusal(status: int = 429, headers: dict[str, str] | None = None, **error: Any) -> Refusal | None:
    return read_refusal(status, headers or {}, orjson.dumps({"error": error}), NOW)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "17"}, 17),
        ({"retry-after": "0.4"}, 0.4),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "Tue, 27 Jan 2026 08:00:30 GMT", "date": "Tue, 27 Jan 2026 08:00:00 GMT"}, 30),
        ({"retry-after": "Tue, 27 Jan 2026 07:47:20 GMT"}, 40),
        ({"retry-after": "Tue, 27 Jan 2026 07:00:00 GMT"}, 0),
        ({"retry-after": "garbage"}, None),
        ({"retry-after": "-7"}, None),
        ({"retry-after": "1e300"}, None),
    ],
)
def test_retry_after_in_all_its_forms(headers: dict[str, str], wait: float | None) -> None:
    found = refusal(headers=headers, message="slow down")
    assert found is not None and found.wait == (None if wait is None else pytest.approx(wait))


@pytest.mark.parametrize(
    ("message", "wait"),
    [
        ("Rate limit reached. Please try again in 1m 20s.", 80),
        ("Please try again in 20ms.", 0.02),
        ("try again in 6m0s. Visit https://example.org", 360),
        ("backoff for 12s", 12),
        ("please wait 7s before", 7),
        ("Your quota will reset in 90 second", 90),
        ("retry after 33 seconds", 33),
        ("limited (wait 4s)", 4),
        ("no hint here", None),
    ],
)
def test_words_that_tell_a_wait(message: str, wait: float | None) -> None:
    found = refusal(message=message)
    assert found is not None and found.wait == (None if wait is None else pytest.approx(wait))


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ({"message": "x", "details": [{"reason": "QUOTA_EXHAUSTED"}]}, "quota"),
        ({"message": "x", "details": [{"reason": "RATE_LIMIT_EXCEEDED"}]}, "rate_limit"),
        ({"message": "x", "details": [{"@type": "Help"}, {"reason": "MODEL_CAPACITY_EXHAUSTED"}]}, "capacity"),
        ({"message": "x", "code": "insufficient_quota"}, "spent"),
        ({"message": "x", "type": "rate_limit_error"}, "rate_limit"),
        ({"message": "10 requests per minute"}, "rate_limit"),
        ({"message": "Too Many Requests"}, "rate_limit"),
        ({"message": "Resource has been exhausted"}, "quota"),
        ({"message": "you exceeded your current quota"}, "quota"),
        ({"message": "no"}, "unknown"),
    ],
)
def test_reasons_of_a_429(error: dict[str, Any], reason: str) -> None:
    found = refusal(**error)
    assert found is not None and found.reason == reason


def test_reasons_of_other_statuses() -> None:
    assert refusal(401, message="x") == Refusal("unauthorized")
    assert refusal(402, message="x") == Refusal("spent")
    assert refusal(403, message="x") == Refusal("forbidden")
    assert refusal(500, message="x") == Refusal("server_error")
    assert refusal(503, message="x", details=[{"reason": "MODEL_CAPACITY_EXHAUSTED"}]) == Refusal("capacity")
    assert refusal(503, {"retry-after": "9"}, message="x") == Refusal("server_error", 9.0)
    assert refusal(400, message="x") is None and refusal(404, message="x") is None
    assert read_refusal(502, {}, b"<html>bad gateway</html>", NOW) == Refusal("server_error")


def test_googles_delay_and_quota() -> None:
    delay = {"reason": "QUOTA_EXHAUSTED", "metadata": {"quotaResetDelay": "2h1m1s"}}
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.07s"}
    assert refusal(message="x", details=[info, delay]) == Refusal("quota", 7261.0)
    assert refusal(message="x", details=[info]) == Refusal("unknown", 34.07)
    assert refusal(message="x", retry_after=12) == Refusal("unknown", 12.0)
    daily = {"violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}
    assert refusal(message="x", details=[daily, info]) == Refusal("quota", None), "that delay would lead nowhere"


@given(st.binary(max_size=400), st.integers(400, 599), st.text(max_size=30))
def test_no_answer_breaks_it(body: bytes, status: int, value: str) -> None:
    read_refusal(status, {"retry-after": value, "date": value}, body, NOW)


@given(st.recursive(st.none() | st.integers(-9, 9) | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["error", "details", "violations", "metadata", "reason", "message", "retryDelay", "quotaId"]), inner, max_size=4), max_leaves=20))  # fmt: skip
def test_no_document_breaks_it(document: Any) -> None:
    read_refusal(429, {}, orjson.dumps(document), NOW)


def test_allowances() -> None:
    anthropic = {
        "anthropic-ratelimit-requests-limit": "50",
        "anthropic-ratelimit-requests-remaining": "49",
        "anthropic-ratelimit-requests-reset": "2026-01-27T17:00:00Z",
        "anthropic-ratelimit-tokens-limit": "1000",
        "anthropic-ratelimit-tokens-remaining": "123",
        "anthropic-ratelimit-tokens-reset": "2026-01-27T18:00:00Z",
    }
    found = read_allowance(anthropic, NOW)
    assert found is not None and found.percentage == 12
    assert found.resets_at is not None and rfc3339(found.resets_at) == "2026-01-27T18:00:00Z"
    openai = {
        "x-ratelimit-limit-requests": "3",
        "x-ratelimit-remaining-requests": "2",
        "x-ratelimit-reset-requests": "6m0s",
    }
    assert read_allowance(openai, NOW) == Allowance(66, NOW + 360)
    bare = {"x-ratelimit-limit": "10", "x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW * 1000) + 5000)}
    assert read_allowance(bare, NOW) == Allowance(0, NOW + 5)
    assert read_allowance({"x-ratelimit-limit-requests": "0", "x-ratelimit-remaining-requests": "0"}, NOW) is None
    assert read_allowance({"x-ratelimit-limit-requests": "ten"}, NOW) is None
    assert read_allowance({}, NOW) is None


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_no_header_breaks_them(limit: str, left: str, reset: str) -> None:
    headers = {
        "x-ratelimit-limit-requests": limit,
        "x-ratelimit-remaining-requests": left,
        "x-ratelimit-reset-requests": reset,
    }
    found = read_allowance(headers, NOW)
    assert found is None or 0 <= found.percentage <= 100
