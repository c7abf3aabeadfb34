"""The device that the command line is: made once, kept for its owner alone, its signature the published one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crawdad.adapters.control_client import DeviceIdentity, IdentityFiles
from crawdad.wire.control.client import Answer, Event, Introduction, read_frame, text_to_sign
from crawdad.wire.control.connect import Connect, read_connect
from crawdad.wire.control.device import is_signed, raw_public_key, texts

SCOPES = ("operator.read", "operator.write")
SEEDED = DeviceIdentity.of(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


def test_the_signed_text_is_the_published_one() -> None:
    """The vector of `gateway.md` §9.5."""
    assert SEEDED.public_key == "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg"
    assert SEEDED.id == "56475aa75463474c0285df5dbf2bcab73da651358839e9b77481b2eab107708c"
    introduction = Introduction("1.0.0", "linux", "x", SCOPES, token="s3cret")
    text = text_to_sign(introduction, SEEDED.id, 1_700_000_000_000, "nonce-1")
    expected = f"v3|{SEEDED.id}|cli|cli|operator|operator.read,operator.write|1700000000000|s3cret|nonce-1|linux|"
    assert text == expected


@pytest.mark.parametrize(("token", "device_token"), [("s3cret", ""), ("", "device-token"), ("", "")])
def test_a_connect_is_one_that_the_gateway_reads_and_believes(token: str, device_token: str) -> None:
    params = SEEDED.connect(Introduction("1.0.0", "Linux", "my box", SCOPES, token, device_token, "zh"), "nonce-2")
    connect = read_connect(params)
    assert isinstance(connect, Connect) and connect.proof is not None and connect.locale == "zh"
    assert connect.credential("token") == token and connect.credential("deviceToken") == device_token
    key = raw_public_key(connect.proof.public_key)
    assert key is not None
    candidates = [
        text for given in connect.signed_tokens() for text in texts(connect.proof, connect.signed(token=given))
    ]
    assert is_signed(key, connect.proof.signature, candidates)


def test_a_device_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    files = IdentityFiles(home / "identity")
    made = files.device()
    assert IdentityFiles(home / "identity").device().id == made.id
    assert [folder.stat().st_mode & 0o777 for folder in (home, home / "identity")] == [0o700, 0o700]
    assert (home / "identity/device.json").stat().st_mode & 0o777 == 0o600
    kept = json.loads((home / "identity/device.json").read_text())
    assert kept["version"] == 1 and kept["deviceId"] == made.id and "PRIVATE KEY" in kept["privateKeyPem"]
    assert "PRIVATE" not in repr(made)


def test_tokens_are_kept_by_gateway_and_forgotten(tmp_path: Path) -> None:
    files = IdentityFiles(tmp_path)
    assert files.token("ws://one/") == ""
    files.keep("ws://one/", {"deviceToken": "t1", "role": "operator", "scopes": ["operator.read"]})
    files.keep("ws://two/", {"deviceToken": "t2", "role": "operator", "scopes": []})
    assert (files.token("ws://one/"), files.token("ws://two/"), files.token("ws://three/")) == ("t1", "t2", "")
    before = (tmp_path / "device-auth.json").stat().st_mtime_ns
    files.keep("ws://one/", {"deviceToken": "t1", "role": "operator", "scopes": ["operator.read"]})
    assert (tmp_path / "device-auth.json").stat().st_mtime_ns == before, "what is kept already is not written again"
    files.keep("ws://one/", {"role": "operator", "scopes": []})
    assert (files.token("ws://one/"), files.token("ws://two/")) == ("", "t2")
    (tmp_path / "device-auth.json").write_text("{broken")
    assert files.token("ws://two/") == ""


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "device.json").write_text('{"privateKeyPem": "nonsense"}')
    with pytest.raises(ValueError, match=r".+"):
        IdentityFiles(tmp_path).device()


@pytest.mark.parametrize(
    ("frame", "read"),
    [
        ('{"type":"event","event":"tick","payload":{"ts":1},"seq":3}', Event("tick", {"ts": 1})),
        ('{"type":"event","event":"odd","payload":[1]}', Event("odd", {})),
        ('{"type":"res","id":"1","ok":true,"payload":null}', Answer("1", None, {})),
        (
            '{"type":"res","id":"1","ok":false,"error":{"code":"X","message":"no"}}',
            Answer("1", None, {"code": "X", "message": "no"}),
        ),
        ("not json", None),
        ("[1]", None),
        ('{"type":"other"}', None),
    ],
)
def test_frames_as_a_client_reads_them(frame: str, read: Answer | Event | None) -> None:
    assert read_frame(frame) == read


def test_a_failure_without_a_reason_is_one_all_the_same() -> None:
    found = read_frame('{"type":"res","id":"1","ok":false}')
    assert isinstance(found, Answer) and not found.good
