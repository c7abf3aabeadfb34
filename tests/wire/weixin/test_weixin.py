"""Files, texts and versions of iLink."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawdad.wire.weixin.media import cipher_size, decrypt, download_url, encrypt, key_of, slot_body, upload_url
from crawdad.wire.weixin.messages import event_id, read_event
from crawdad.wire.weixin.requests import client_version, post_headers, read_answer, shown_text
from crawdad.wire.weixin.sign_in import SignIn, next_turn
from tests.simulators.weixin import decrypted, encrypted

KEY = bytes(range(16))


@given(st.binary(max_size=100))
def test_files_are_encrypted_as_the_library_does(data: bytes) -> None:
    assert encrypt(data, KEY) == encrypted(data, KEY)
    assert len(encrypt(data, KEY)) == cipher_size(len(data))
    assert decrypt(encrypt(data, KEY), KEY) == data == decrypted(encrypt(data, KEY), KEY)


@given(st.binary(max_size=64))
def test_what_was_not_encrypted_so_is_refused_or_has_other_bytes(data: bytes) -> None:
    try:
        plain = decrypt(data, KEY)
    except ValueError:
        return
    assert len(plain) < len(data)


@pytest.mark.parametrize(
    "written",
    [KEY.hex(), base64.b64encode(KEY).decode(), base64.b64encode(KEY.hex().encode()).decode(), KEY.hex().upper()],
)
def test_keys_are_written_in_several_ways(written: str) -> None:
    assert key_of(written) == KEY


@pytest.mark.parametrize(
    "written", ["", "x", "zz" * 16, base64.b64encode(b"short").decode(), base64.b64encode(b"z" * 32).decode()]
)
def test_what_is_no_key_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="no key"):
        key_of(written)


def test_the_recorded_upload() -> None:
    """The numbers of the recorded client: 32 bytes, whose hash stands in the request."""
    plain = decrypted(
        bytes.fromhex(
            "9f9cce5dc5142daaa2782ce9865242559f9cce5dc5142daaa2782ce98652425503be84d441a47a3107bc43dac9693d58"
        ),
        bytes.fromhex("58a994ac30f62efc217a9f70d9a3fb83"),
    )
    body = slot_body(plain, "image", "u", "f" * 32, bytes.fromhex("58a994ac30f62efc217a9f70d9a3fb83"))
    assert (body["rawsize"], body["filesize"], body["rawfilemd5"]) == (32, 48, "b5c58c216cec64834592fadd7f37e646")


def test_parameters_are_escaped_whole() -> None:
    assert (
        upload_url("http://c", {"upload_param": "UP/PARAM+1="}, "k")
        == "http://c/upload?encrypted_query_param=UP%2FPARAM%2B1%3D&filekey=k"
    )
    assert upload_url("http://c", {"upload_param": "x", "upload_full_url": "http://d/e"}, "k") == "http://d/e"
    assert upload_url("http://c", {}, "k") == ""
    assert download_url("http://c", "DL/PARAM+1=") == "http://c/download?encrypted_query_param=DL%2FPARAM%2B1%3D"


@pytest.mark.parametrize(("version", "number"), [("2.4.9", "132105"), ("0.1", "256"), ("1.2.3", "66051"), ("", "0")])
def test_versions_are_numbers(version: str, number: str) -> None:
    assert client_version(version) == number


@given(st.floats(min_value=0, max_value=1))
def test_the_number_of_a_request_fits_32_bits(chance: float) -> None:
    assert 0 <= int(base64.b64decode(post_headers(chance)["X-WECHAT-UIN"])) < 2**32


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a < b", "a ＜ b"),
        ("`a<b` <c>", "`a<b` ＜c＞"),
        ("```py\na<b\n```\n<", "```py\na<b\n```\n＜"),
        ("a ` <b", "a ` ＜b"),
        ("plain", "plain"),
    ],
)
def test_a_bare_bracket_hides_nothing(text: str, shown: str) -> None:
    assert shown_text(text) == shown


@pytest.mark.parametrize(
    ("status", "body", "ok", "code"),
    [
        (200, b"", True, 0),
        (200, b"{}", True, 0),
        (200, b'{"ret":0,"errcode":0}', True, 0),
        (200, b'{"ret":0,"errcode":-14}', False, -14),
        (200, b'{"ret":-2}', False, -2),
        (500, b"", False, 0),
        (200, b"[]", False, 0),
        (200, b"<html>", False, 0),
    ],
)
def test_answers(status: int, body: bytes, ok: bool, code: int) -> None:
    answer = read_answer(status, body)
    assert (answer.ok, answer.code) == (ok, code)


def test_messages_have_names() -> None:
    assert event_id({"message_id": 2**63 + 1}) == str(2**63 + 1)
    assert event_id({"message_id": 0, "seq": 5}) == "seq:5"
    assert event_id({"from_user_id": "u", "create_time_ms": 7}) == "u:7"
    with pytest.raises(KeyError):
        read_event({})


def test_a_sign_in_ends_after_eight_minutes_and_codes_after_five() -> None:
    begun = SignIn("c", "s", "b", 1, 0.0, 0.0)
    assert next_turn(begun, {}, 299.0).what == "wait"
    assert next_turn(begun, {}, 301.0).what == "refresh"
    turn = next_turn(begun, {"status": "scaned"}, 481.0)
    assert turn.step is not None and (turn.what, turn.step.state) == ("over", "expired")
