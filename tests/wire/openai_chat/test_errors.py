"""Errors both ways: every kind has its words, every vendor's words are kept."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.text import Text
from crawdad.wire.openai_chat import CODEC
from crawdad.wire.openai_chat.errors import TABLE


@pytest.mark.parametrize("kind", ErrorKind)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_kind_has_a_status_and_a_type(kind: ErrorKind, language: str) -> None:
    status, body = CODEC.write_error(GatewayError(kind, Text("upstream.cut_short")), language)
    assert (status, body["error"]["type"], body["error"]["code"]) == TABLE[kind]
    assert body["error"]["message"] == Text("upstream.cut_short").render(language)
    assert body["error"].keys() == {"message", "type", "param", "code"}


def test_our_own_errors_name_field_and_code() -> None:
    error = bad_request("wire.missing", "messages[0].role")
    error.details["code"] = "missing"
    assert CODEC.write_error(error)[1]["error"]["param"] == "messages[0].role"
    assert CODEC.write_error(error)[1]["error"]["code"] == "missing"


def test_another_protocols_body_is_not_passed_on() -> None:
    details = {"status": 422, "protocol": "anthropic", "body": {"type": "error"}, "type": "invalid_request_error"}
    status, body = CODEC.write_error(GatewayError(ErrorKind.BAD_REQUEST, "theirs", details))
    assert status == 422
    assert body["error"]["message"] == "theirs"


VENDORS: list[tuple[int, Any, ErrorKind, str]] = [
    (400, {"error": {"message": "boom"}}, ErrorKind.BAD_REQUEST, "boom"),
    (400, {"error": {"message": "x", "code": "context_length_exceeded"}}, ErrorKind.CONTEXT_TOO_LONG, "x"),
    (
        400,
        {"object": "error", "message": "This model's maximum context length is 8192 tokens."},
        ErrorKind.CONTEXT_TOO_LONG,
        "This model's maximum context length is 8192 tokens.",
    ),
    (401, {"error": {"message": "boom", "code": "invalid_api_key"}}, ErrorKind.UNAUTHENTICATED, "boom"),
    (402, {"error": {"message": "Insufficient Balance"}}, ErrorKind.PAYMENT, "Insufficient Balance"),
    (403, {"error": {"message": "boom"}}, ErrorKind.FORBIDDEN, "boom"),
    (404, {"error": "model 'x' not found"}, ErrorKind.NOT_FOUND, "model 'x' not found"),
    (408, {}, ErrorKind.UPSTREAM_TIMEOUT, ""),
    (409, {"message": "boom"}, ErrorKind.CONFLICT, "boom"),
    (413, {"message": "boom"}, ErrorKind.TOO_LARGE, "boom"),
    (
        422,
        {"detail": [{"loc": ["body", "x"], "msg": "bad"}]},
        ErrorKind.BAD_REQUEST,
        '[{"loc":["body","x"],"msg":"bad"}]',
    ),
    (422, {"object": "error", "message": {"detail": "bad"}}, ErrorKind.BAD_REQUEST, '{"detail":"bad"}'),
    (429, {"error": {"message": "boom"}}, ErrorKind.RATE_LIMITED, "boom"),
    (429, {"error": {"message": "boom", "type": "insufficient_quota"}}, ErrorKind.PAYMENT, "boom"),
    (500, {"error": {"message": "boom"}}, ErrorKind.UPSTREAM_ERROR, "boom"),
    (503, [{"error": {"code": 503, "message": "boom", "status": "UNAVAILABLE"}}], ErrorKind.OVERLOADED, "boom"),
    (504, None, ErrorKind.UPSTREAM_TIMEOUT, "null"),
    (529, {"errors": ["boom"]}, ErrorKind.OVERLOADED, '["boom"]'),
    (502, {"error": {"odd": 1}}, ErrorKind.UPSTREAM_ERROR, '{"odd":1}'),
]


@pytest.mark.parametrize(("status", "body", "kind", "message"), VENDORS)
def test_vendors_errors(status: int, body: Any, kind: ErrorKind, message: str) -> None:
    error = CODEC.read_error(status, {}, orjson.dumps(body))
    assert error.kind is kind
    assert error.details["status"] == status
    assert not message or error.message() == message


@pytest.mark.parametrize("body", [b"", b"<html>nginx</html>", b"upstream connect error", b"\xff\xfe"])
def test_bodies_that_are_no_json(body: bytes) -> None:
    error = CODEC.read_error(502, {}, body)
    assert error.kind is ErrorKind.UPSTREAM_ERROR
    assert error.message()
    assert "<html>" not in error.message()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({}, None),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert CODEC.read_error(429, headers, b'{"error": {"message": "x"}}').retry_after == seconds


def test_a_vendors_body_goes_through_as_it_is() -> None:
    body = {"error": {"message": "x", "metadata": {"provider_name": "P"}, "code": 429}, "user_id": "u"}
    error = CODEC.read_error(429, {}, orjson.dumps(body))
    assert CODEC.write_error(error, "zh") == (429, body)


def test_a_stream_ends_with_an_error_that_sdks_see() -> None:
    mistral = CODEC.read_error(400, {}, b'{"object": "error", "message": "boom"}')
    assert mistral.details["body"] == {"object": "error", "message": "boom"}
    from crawdad.wire.openai_chat.errors import stream_error

    event = stream_error(mistral)
    assert orjson.loads(event[6:])["error"]["message"] == "boom"
    assert event.endswith(b"\n\n")
