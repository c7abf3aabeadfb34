"""Faults: the vendor's words are kept, and every kind of ours has a status and a type that the SDK understands."""

from __future__ import annotations

from typing import Any

import anthropic
import httpx2
import orjson
import pytest

from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.text import Text
from crawdad.wire.anthropic import CODEC
from crawdad.wire.anthropic.errors import WORDS


def fault(word: str, message: str = "m", **more: Any) -> dict[str, Any]:
    return {"type": "error", "error": {"type": word, "message": message, **more}, "request_id": "req_1"}


def read(status: int, body: Any, **headers: str) -> GatewayError:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    return CODEC.read_error(status, {key.replace("_", "-"): value for key, value in headers.items()}, raw)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, fault("invalid_request_error"), ErrorKind.BAD_REQUEST),
        (400, fault("invalid_request_error", "prompt is too long: 9 tokens > 8 maximum"), ErrorKind.CONTEXT_TOO_LONG),
        (400, fault("invalid_request_error", "input length and `max_tokens` exceed context limit: 9"),
         ErrorKind.CONTEXT_TOO_LONG),
        (400, fault("invalid_request_error", "Your credit balance is too low"), ErrorKind.PAYMENT),
        (401, fault("authentication_error"), ErrorKind.UNAUTHENTICATED),
        (402, fault("billing_error"), ErrorKind.PAYMENT),
        (403, fault("permission_error"), ErrorKind.FORBIDDEN),
        (404, fault("not_found_error"), ErrorKind.NOT_FOUND),
        (408, fault("timeout_error"), ErrorKind.UPSTREAM_TIMEOUT),
        (409, fault("conflict_error"), ErrorKind.CONFLICT),
        (413, fault("request_too_large"), ErrorKind.TOO_LARGE),
        (422, fault("invalid_request_error"), ErrorKind.BAD_REQUEST),
        (429, fault("rate_limit_error"), ErrorKind.RATE_LIMITED),
        (429, fault("rate_limit_error", details={"error_code": "enforced_spend_limit_reached"}), ErrorKind.PAYMENT),
        (500, fault("api_error"), ErrorKind.UPSTREAM_ERROR),
        (503, fault("api_error"), ErrorKind.OVERLOADED),
        (504, fault("timeout_error"), ErrorKind.UPSTREAM_TIMEOUT),
        (529, fault("overloaded_error"), ErrorKind.OVERLOADED),
        (599, fault("tomorrow"), ErrorKind.UPSTREAM_ERROR),
        (200, fault("overloaded_error"), ErrorKind.OVERLOADED),
        (200, fault("tomorrow"), ErrorKind.UPSTREAM_ERROR),
    ],
)  # fmt: skip
def test_every_fault_of_the_vendor(status: int, body: dict[str, Any], kind: ErrorKind) -> None:
    error = read(status, body)
    assert error.kind is kind and error.message() == body["error"]["message"]
    assert error.details["status"] == status and error.details["body"] == body
    assert error.details["type"] == body["error"]["type"] and error.details["protocol"] == CODEC.name
    assert CODEC.write_error(error) == (status if status >= 400 else WORDS[kind][0], body)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The upstream answered with status 502."),
        (b"<html>Bad gateway</html>", "The upstream answered with status 502."),
        ({"error": "model not found"}, "model not found"),
        ({"message": "odd"}, "odd"),
        ({"error": {"message": 3, "code": {"a": 1}, "type": []}}, "The upstream answered with status 502."),
        ([1], "The upstream answered with status 502."),
    ],
)
def test_a_fault_in_any_form_gives_an_error(body: Any, message: str) -> None:
    error = read(502, body)
    assert error.kind is ErrorKind.UPSTREAM_ERROR and error.message() == message and error.details["status"] == 502
    CODEC.write_error(error)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry_after": "12"}, 12.0),
        ({"retry_after": "0.5"}, 0.5),
        ({"retry_after": "-3"}, 0.0),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "nan"}, None),
        ({"retry_after": "inf"}, None),
        ({"retry_after": "Wed, 21 Oct 2026 07:28:10 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 10.0),
        ({"retry_after": "Wed, 21 Oct 2026 07:28:10 GMT"}, None),
        ({"retry_after": "Wed, 21 Oct 2026 07:28:10 GMT", "date": "Wed, 21 Oct 2026 07:28:00"}, None),
    ],
)
def test_the_time_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert read(429, fault("rate_limit_error"), **headers).retry_after == seconds


@pytest.mark.parametrize("kind", list(ErrorKind))
def test_every_kind_has_its_words(kind: ErrorKind) -> None:
    status, body = CODEC.write_error(GatewayError(kind, Text("upstream.cut_short")), "zh")
    assert (status, body["error"]["type"]) == WORDS[kind]
    assert body["type"] == "error" and "上游在回答途中中断了。" in body["error"]["message"]

    def reply(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(status, json=body)

    client = httpx2.Client(transport=httpx2.MockTransport(reply))
    with (
        anthropic.Anthropic(api_key="none", base_url="http://127.0.0.1:9", http_client=client, max_retries=0) as sdk,
        pytest.raises(anthropic.APIStatusError) as raised,
    ):
        sdk.messages.create(model="m", max_tokens=1, messages=[])
    assert raised.value.type == body["error"]["type"] and raised.value.api_message == body["error"]["message"]


def test_faults_of_other_vendors_keep_words_and_status() -> None:
    details = {"protocol": "openai-chat", "status": 422, "code": "bad_thing", "body": {"error": {"message": "no"}}}
    status, body = CODEC.write_error(GatewayError(ErrorKind.BAD_REQUEST, "no", details))
    assert status == 422
    assert body["error"] == {
        "type": "invalid_request_error",
        "message": "no",
        "details": {"error_code": "bad_thing"},
    }
    assert CODEC.write_error(GatewayError(ErrorKind.OVERLOADED, "no", {"status": 503}))[0] == 529
    assert CODEC.write_error(GatewayError(ErrorKind.UPSTREAM_ERROR, "no", {"status": 500}))[0] == 500
    assert CODEC.write_error(GatewayError(ErrorKind.BAD_REQUEST, "no", {"status": 500}))[0] == 400


def test_a_full_context_is_said_in_the_words_that_agents_wait_for() -> None:
    error = GatewayError(ErrorKind.CONTEXT_TOO_LONG, "maximum context length is 8 tokens", {"protocol": "openai-chat"})
    assert CODEC.write_error(error)[1]["error"]["message"] == "prompt is too long: maximum context length is 8 tokens"


def test_the_field_at_fault_is_in_the_message() -> None:
    status, body = CODEC.write_error(bad_request("wire.missing", "messages[0].role"))
    assert status == 400 and "messages[0].role" in body["error"]["message"]
