"""NapCat's web API: the vectors of the facts."""

from __future__ import annotations

import pytest

from crawdad.core.channels import SignInStep
from crawdad.wire.onebot.napcat import LoginStatus, read_answer, read_status, step_of, token_hash


def test_the_token_is_hashed_as_napcat_does() -> None:
    assert token_hash("secret-tok") == "f0601b513d34afc8cb60146b62d8c5743e206e4a31cc4a35c9c929df62716a2d"


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, b'{"code":0,"data":{"a":1},"message":"success"}', ""),
        (200, b'{"code":-1,"message":"Unauthorized"}', "Unauthorized"),
        (403, b'{"error":"denied"}', "denied"),
        (502, b"<html>", "HTTP 502"),
        (200, b"[]", "HTTP 200"),
    ],
)
def test_answers(status: int, body: bytes, error: str) -> None:
    assert read_answer(status, body).error == error


@pytest.mark.parametrize(
    ("data", "step"),
    [
        ({"isLogin": True}, SignInStep("connected")),
        ({"isLogin": False, "qrcodeurl": "q1"}, None),
        (
            {"isLogin": False, "qrcodeurl": "q2", "loginError": "二维码已过期"},
            SignInStep("qr", qr="q2", message="二维码已过期"),
        ),
        ({"isLogin": False, "qrcodeurl": "q1", "loginError": "refused"}, SignInStep("failed", message="refused")),
        ({}, None),
        (None, None),
    ],
)
def test_how_a_sign_in_goes_on(data: object, step: SignInStep | None) -> None:
    assert step_of(read_status(data), "q1") == step
    assert read_status(None) == LoginStatus()
