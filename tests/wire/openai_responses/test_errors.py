"""Errors, both ways: the vendor's words are kept, and every kind has words of ours."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text
from crawdad.wire.codec import Codec
from crawdad.wire.features import Feature
from crawdad.wire.openai_responses import CODEC
from crawdad.wire.openai_responses.errors import WORDS
from crawdad.wire.openai_responses.support import NAME, SUPPORT


def test_the_tables_are_total() -> None:
    codec: Codec = CODEC
    assert set(WORDS) == set(ErrorKind)
    assert set(SUPPORT) == set(Feature)
    assert codec.support is SUPPORT and codec.name == NAME
    assert CODEC.path("any", True) == CODEC.path("other", False) == "/responses"


@pytest.mark.parametrize("kind", list(ErrorKind))
def test_every_kind_has_status_and_words(kind: ErrorKind) -> None:
    status, body = CODEC.write_error(GatewayError(kind, Text("upstream.cut_short")), "zh")
    assert 400 <= status < 600
    assert set(body["error"]) == {"message", "type", "param", "code"}
    assert body["error"]["message"] == "上游在回答途中中断了。"
    assert isinstance(body["error"]["type"], str)


def read(status: int, body: Any, **headers: str) -> GatewayError:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    return CODEC.read_error(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, None, ErrorKind.BAD_REQUEST),
        (400, "context_length_exceeded", ErrorKind.CONTEXT_TOO_LONG),
        (401, "invalid_api_key", ErrorKind.UNAUTHENTICATED),
        (402, None, ErrorKind.PAYMENT),
        (403, None, ErrorKind.FORBIDDEN),
        (404, "model_not_found", ErrorKind.NOT_FOUND),
        (404, None, ErrorKind.NOT_FOUND),
        (408, None, ErrorKind.UPSTREAM_TIMEOUT),
        (409, None, ErrorKind.CONFLICT),
        (413, None, ErrorKind.TOO_LARGE),
        (418, None, ErrorKind.BAD_REQUEST),
        (422, None, ErrorKind.BAD_REQUEST),
        (429, "rate_limit_exceeded", ErrorKind.RATE_LIMITED),
        (429, "insufficient_quota", ErrorKind.PAYMENT),
        (429, None, ErrorKind.RATE_LIMITED),
        (500, "server_error", ErrorKind.UPSTREAM_ERROR),
        (503, "server_error", ErrorKind.OVERLOADED),
        (503, "slow_down", ErrorKind.OVERLOADED),
        (504, None, ErrorKind.UPSTREAM_TIMEOUT),
        (529, None, ErrorKind.OVERLOADED),
        (599, None, ErrorKind.UPSTREAM_ERROR),
    ],
)
def test_kinds_by_status_and_code(status: int, code: str | None, kind: ErrorKind) -> None:
    body = {"error": {"message": "The vendor's words.", "type": "some_type", "param": "input", "code": code}}
    error = read(status, body)
    assert (error.kind, error.message(), error.details["status"]) == (kind, "The vendor's words.", status)
    assert (error.details["type"], error.details["param"]) == ("some_type", "input")
    assert error.details.get("code") == code
    assert CODEC.write_error(error) == (status, body)


def test_a_full_context_without_a_code() -> None:
    for words in ("Your input exceeds the context window of this model.", "maximum context length is 8192 tokens"):
        assert read(400, {"error": {"message": words}}).kind is ErrorKind.CONTEXT_TOO_LONG


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": "flat"}, "flat"),
        ({"message": "outside"}, "outside"),
        ({"detail": "elsewhere"}, "elsewhere"),
        ("just a string", "just a string"),
    ],
)
def test_other_shapes(body: Any, message: str) -> None:
    assert read(400, body).message() == message


@pytest.mark.parametrize(
    "body", [b"", b"<html>Bad gateway</html>", b"[]", b"null", b'{"error":null}', b'{"error":[1]}']
)
def test_unreadable_bodies_still_give_an_error(body: bytes) -> None:
    error = read(502, body)
    assert (error.kind, error.details["status"]) == (ErrorKind.UPSTREAM_ERROR, 502)
    assert "502" in error.message()
    assert CODEC.write_error(error)[0] == 502


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "7"}, 7.0),
        ({"retry_after": "0.5"}, 0.5),
        ({"retry_after_ms": "250", "retry_after": "7"}, 0.25),
        ({"retry_after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 30.0),
        ({"retry_after": "Wed, 21 Oct 2026 07:28:30 GMT"}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "-3"}, None),
        ({"retry_after": "nan"}, None),
        ({"retry_after": "inf"}, None),
        ({}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert read(429, {"error": {"message": "x"}}, **headers).retry_after == seconds


def test_errors_of_other_protocols_get_our_form_and_keep_their_status() -> None:
    body: JsonObject = {"type": "error", "error": {"type": "invalid_request_error", "message": "x"}}
    details = {"protocol": "anthropic", "status": 422, "body": body, "code": "finer", "param": "messages.0"}
    assert CODEC.write_error(GatewayError(ErrorKind.BAD_REQUEST, "x", details)) == (
        422,
        {"error": {"message": "x", "type": "invalid_request_error", "param": "messages.0", "code": "finer"}},
    )
    status, _ = CODEC.write_error(GatewayError(ErrorKind.UPSTREAM_ERROR, "x", {"protocol": "anthropic", "status": 500}))
    assert status == 502
