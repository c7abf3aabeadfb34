"""What is sealed is opened with the same key and no other, and the key is made once."""

from __future__ import annotations

import base64
import os
import re
import secrets
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawdad.adapters.secret_box import KeyedSecretBox
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.ports import SecretBox

KEY = secrets.token_hex(32)
BOX = KeyedSecretBox("/nowhere/secret.key", KEY)


def fault(box: SecretBox, token: str) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        box.decrypt(token)
    assert caught.value.kind is ErrorKind.UNAVAILABLE
    assert caught.value.__cause__ is None and caught.value.__suppress_context__
    return caught.value


@given(st.text())
def test_what_is_sealed_is_opened(value: str) -> None:
    token = BOX.encrypt(value)
    assert re.fullmatch(r"enc:v1:[A-Za-z0-9_-]+", token)
    assert BOX.decrypt(token) == value
    assert BOX.encrypt(value) != token


def test_the_first_use_makes_a_private_key_file(tmp_path: Path) -> None:
    path = tmp_path / "home" / "secret.key"
    token = KeyedSecretBox(str(path)).encrypt("secret")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(base64.urlsafe_b64decode(path.read_text())) == 32
    assert os.listdir(path.parent) == ["secret.key"]
    assert KeyedSecretBox(str(path)).decrypt(token) == "secret"


def test_opening_never_makes_a_key(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    error = fault(KeyedSecretBox(str(path)), BOX.encrypt("secret"))
    assert str(path) in error.message("en") and str(path) in error.message("zh")
    assert not path.exists()


def test_the_same_key_in_any_spelling_opens_it() -> None:
    raw = bytes.fromhex(KEY)
    token = BOX.encrypt("secret")
    for text in (
        KEY.upper(),
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode().rstrip("=") + "\n",
    ):
        assert KeyedSecretBox("", text).decrypt(token) == "secret"


def test_a_passphrase_is_a_key() -> None:
    token = KeyedSecretBox("", "correct horse battery").encrypt("secret")
    assert KeyedSecretBox("", " correct horse battery\n").decrypt(token) == "secret"
    fault(KeyedSecretBox("", "correct horse batterz"), token)


def test_another_key_is_named_as_the_cause(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    path.write_text(secrets.token_hex(32))
    assert str(path) in fault(KeyedSecretBox(str(path)), BOX.encrypt("x")).message()
    other = KeyedSecretBox(str(path), secrets.token_hex(32))
    assert "CRAWDAD_SECRET_KEY" in fault(other, BOX.encrypt("x")).message()


def test_a_blank_variable_counts_as_none(tmp_path: Path) -> None:
    KeyedSecretBox(str(tmp_path / "secret.key"), " ").encrypt("x")
    assert (tmp_path / "secret.key").exists()


@pytest.mark.parametrize("key", ["zzz", "changeme", "x" * 15])
def test_a_short_key_is_refused_in_both_directions(key: str, tmp_path: Path) -> None:
    for box in (KeyedSecretBox("", key), KeyedSecretBox(str(tmp_path / "k"))):
        (tmp_path / "k").write_text(key)
        with pytest.raises(GatewayError) as caught:
            box.encrypt("x")
        assert key not in caught.value.message("en") + caught.value.message("zh")


@pytest.mark.parametrize(
    "token", ["", "enc:v1:", "enc:v1:AAAA", "enc:v1:!!", "enc:v1:é", "enc:v2:" + "A" * 60, "plain", "enc:v1:A"]
)
def test_a_damaged_token_is_said_to_be(token: str) -> None:
    assert fault(BOX, token).text.key == "secret_box.damaged"  # type: ignore[union-attr]


@given(st.integers(7, 60), st.sampled_from("AZaz09-_"))
def test_no_changed_token_opens(place: int, letter: str) -> None:
    token = BOX.encrypt("a secret of some length, longer than that")
    changed = token[:place] + letter + token[place + 1 :]
    if changed != token:
        fault(BOX, changed)


def test_messages_hold_neither_value_nor_key(tmp_path: Path) -> None:
    token = BOX.encrypt("canary")
    for box in (KeyedSecretBox("", secrets.token_hex(32)), KeyedSecretBox(str(tmp_path / "none"))):
        error = fault(box, token)
        for text in (str(error), error.message("zh"), repr(error), repr(box), repr(error.details)):
            assert "canary" not in text and token not in text and KEY not in text


def test_a_folder_without_leave_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(GatewayError) as caught:
        KeyedSecretBox(str(tmp_path / "file" / "secret.key")).encrypt("x")
    assert "secret.key" in caught.value.message("zh")


def test_a_key_file_open_to_others_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    path.write_text(KEY)
    path.chmod(0o644)
    assert KeyedSecretBox(str(path)).decrypt(BOX.encrypt("x")) == "x"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


MAKE = "import sys; from crawdad.adapters.secret_box import KeyedSecretBox; print(KeyedSecretBox(sys.argv[1]).encrypt('x'))"


def test_processes_that_race_use_one_key(tmp_path: Path) -> None:
    path = str(tmp_path / "secret.key")
    environment = {"PYTHONPATH": str(Path(__file__).parents[2] / "src")}

    def make(_: int) -> str:
        command = [sys.executable, "-c", MAKE, path]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()

    with ThreadPoolExecutor(6) as pool:
        tokens = list(pool.map(make, range(6)))
    assert {KeyedSecretBox(path).decrypt(token) for token in tokens} == {"x"}
    assert os.listdir(tmp_path) == ["secret.key"]
