"""Errors from Google and to Gemini clients."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.genai import errors

from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.wire.gemini import GEMINI
from crawdad.wire.gemini.errors import STATUS
from tests.wire.gemini.support import sdk


def _error(status: int, message: str = "m", word: str = "W", details: Any = None, **headers: str) -> GatewayError:
    error: dict[str, Any] = {"code": status, "message": message, "status": word}
    if details is not None:
        error["details"] = details
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return GEMINI.read_error(status, named, json.dumps({"error": error}).encode())


def test_the_table_is_total() -> None:
    assert set(STATUS) == set(ErrorKind)
    for kind in ErrorKind:
        status, body = GEMINI.write_error(GatewayError(kind, "words"))
        assert body == {"error": {"code": status, "message": "words", "status": STATUS[kind][1]}}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ErrorKind.BAD_REQUEST),
        (401, ErrorKind.UNAUTHENTICATED),
        (402, ErrorKind.PAYMENT),
        (403, ErrorKind.FORBIDDEN),
        (404, ErrorKind.NOT_FOUND),
        (408, ErrorKind.UPSTREAM_TIMEOUT),
        (409, ErrorKind.CONFLICT),
        (413, ErrorKind.TOO_LARGE),
        (418, ErrorKind.BAD_REQUEST),
        (429, ErrorKind.RATE_LIMITED),
        (499, ErrorKind.BAD_REQUEST),
        (500, ErrorKind.UPSTREAM_ERROR),
        (502, ErrorKind.UPSTREAM_ERROR),
        (503, ErrorKind.OVERLOADED),
        (504, ErrorKind.UPSTREAM_TIMEOUT),
        (529, ErrorKind.OVERLOADED),
    ],
)
def test_kinds_by_status(status: int, kind: ErrorKind) -> None:
    error = _error(status)
    assert (error.kind, error.message(), error.details["status"], error.details["type"]) == (kind, "m", status, "W")
    assert error.details["protocol"] == "gemini"
    for body in (b"", b"<html>", b"[]", b"3", b'{"error": 5}', b'{"error": {"message": 3}}'):
        bare = GEMINI.read_error(status, {}, body)
        assert (bare.kind, bare.details["status"]) == (kind, status)
        assert str(status) in bare.message()


def test_what_google_says_in_other_ways() -> None:
    info = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]
    assert _error(400, "API key not valid.", details=info).kind is ErrorKind.UNAUTHENTICATED
    assert _error(400, details=info).details["code"] == "API_KEY_INVALID"
    long = "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."
    assert _error(400, long).kind is ErrorKind.CONTEXT_TOO_LONG
    assert _error(429, "Your prepayment credits are depleted.").kind is ErrorKind.PAYMENT


@pytest.mark.parametrize(
    ("details", "headers", "seconds"),
    [
        ([{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "12s"}], {}, 12),
        ([{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1.5s"}], {}, 1.5),
        ([{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "soon"}, 3, {"@type": 4}], {}, None),
        ([{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": 3}], {}, None),
        (None, {"retry_after": "7"}, 7),
        (None, {"retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"}, None),
        (None, {"retry_after": "nan"}, None),
        (None, {"retry_after": "-1"}, None),
        ("x", {}, None),
        (None, {}, None),
    ],
)
def test_when_to_try_again(details: Any, headers: dict[str, str], seconds: float | None) -> None:
    assert _error(429, details=details, **headers).retry_after == seconds


def test_an_array_around_the_error() -> None:
    error = GEMINI.read_error(400, {}, b'[{"error": {"code": 400, "message": "m", "status": "INVALID_ARGUMENT"}}]')
    assert error.message() == "m"


def test_googles_own_errors_go_back_verbatim() -> None:
    error = _error(429, "slow down", "RESOURCE_EXHAUSTED", [{"@type": "x", "y": 1}])
    assert GEMINI.write_error(error) == (429, error.details["body"])


def test_errors_of_others_in_our_words() -> None:
    foreign = GatewayError(
        ErrorKind.RATE_LIMITED,
        "Too fast",
        {"status": 429, "protocol": "anthropic", "body": {"error": {"type": "rate_limit_error"}}, "code": "slow"},
        retry_after=2.5,
    )
    status, body = GEMINI.write_error(foreign)
    assert (status, body["error"]["message"], body["error"]["status"]) == (429, "Too fast", "RESOURCE_EXHAUSTED")
    assert body["error"]["details"] == [
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SLOW", "domain": "crawdad"},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "2.5s"},
    ]
    unprocessable = GatewayError(ErrorKind.BAD_REQUEST, "no", {"status": 422, "protocol": "openai-chat"})
    assert GEMINI.write_error(unprocessable)[0] == 422


def test_the_sdk_reads_our_errors() -> None:
    status, body = GEMINI.write_error(bad_request("wire.missing", "contents"), "zh")
    with pytest.raises(errors.ClientError) as caught:
        sdk(json.dumps(body).encode(), status).models.generate_content(model="m", contents="x")
    assert (caught.value.code, caught.value.status) == (400, "INVALID_ARGUMENT")
    assert caught.value.message == "缺少必填字段：“contents”。"
