"""How webhooks are signed: by the vectors that others publish."""

from __future__ import annotations

import orjson
import pytest

from crawdad.wire.feishu.custom_bot import read_answer, signature, write_message
from crawdad.wire.notices import signed_headers, write_notice


def test_a_webhook_is_signed_as_the_standard_s_own_example() -> None:
    """The example of the Standard Webhooks' libraries."""
    body = b'{"test": 2432232314}'
    headers = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330.7, body, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330")
    assert "webhook-signature" not in signed_headers("m", 1.0, body, "")
    with pytest.raises(ValueError, match="base64"):
        signed_headers("m", 1.0, body, "whsec_%%%")


def test_the_body_of_a_webhook() -> None:
    told = orjson.loads(write_notice("test", 0.0, "t", "x", "info", "claw", [{"id": "1"}]))
    assert told == {
        "type": "test",
        "timestamp": "1970-01-01T00:00:00.000Z",
        "data": {"title": "t", "text": "x", "level": "info", "gateway": "claw", "notifications": [{"id": "1"}]},
    }


def test_a_custom_bot_is_signed_with_the_secret_as_part_of_the_key() -> None:
    import base64
    import hashlib
    import hmac

    expected = base64.b64encode(hmac.digest(b"1599360473\nmy secret", b"", hashlib.sha256)).decode()
    assert signature("1599360473", "my secret") == expected
    body = orjson.loads(write_message("hello", "my secret", 1599360473.9))
    assert body == {
        "msg_type": "text",
        "content": {"text": "hello"},
        "timestamp": "1599360473",
        "sign": expected,
    }
    assert set(orjson.loads(write_message("hello", "", 1.0))) == {"msg_type", "content"}


@pytest.mark.parametrize(
    ("status", "body", "ok", "again"),
    [
        (200, b'{"code":0,"msg":"success","data":{}}', True, False),
        (200, b'{"StatusCode":0,"StatusMessage":"success"}', True, False),
        (
            200,
            b'{"code":19021,"msg":"sign match fail or timestamp is not within one hour from current time"}',
            False,
            False,
        ),
        (200, b'{"code":11232,"msg":"frequency limited"}', False, True),
        (502, b"<html>", False, True),
        (404, b"", False, False),
    ],
)
def test_what_a_custom_bot_answers(status: int, body: bytes, ok: bool, again: bool) -> None:
    answer = read_answer(status, body)
    assert (answer.ok, answer.again) == (ok, again)
