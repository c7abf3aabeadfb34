"""The control channel's codec: device proofs, frames, params, versions."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text
from crawdad.wire.control import errors, frames
from crawdad.wire.control.connect import CONNECT, Connect, read_connect
from crawdad.wire.control.device import Proof, Signed, device_id, is_signed, raw_public_key, spelled, texts
from crawdad.wire.control.limits import agreed_version, close_reason
from crawdad.wire.control.schema import FILLED, closed, integer, opened, problems_of, words
from crawdad.wire.control.scopes import ADMIN, READ, SCOPES, WRITE, beyond, holds, within
from tests.support.control import CLI, Device, connect_params

PUBLIC = "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg"
DEVICE_ID = "56475aa75463474c0285df5dbf2bcab73da651358839e9b77481b2eab107708c"
SIGNATURES = {
    "v2": "cxlC04Fx6r_550TZCLGxPiVWlh0qI0hvKPmZd1KVLJq_O3kx0WIPcc079mt4TpUD27dchOc1_LlKNHH23ivrBw",
    "v3": "rm0ZZTsc37mvI9H8GXtZvtZwPZYGJ8SuVU5H-4ayf7LiEkSDUH5UdkQAd1mHFfHfEOACUdeIRVNWJoeOYTQwDQ",
}
SIGNED = Signed("cli", "cli", "operator", ["operator.read", "operator.write"], "s3cret", "linux")
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("layout", SIGNATURES)
def test_known_signatures_hold(layout: str) -> None:
    raw = raw_public_key(PUBLIC)
    assert raw is not None
    assert device_id(raw) == DEVICE_ID and spelled(raw) == PUBLIC
    proof = Proof(DEVICE_ID, PUBLIC, SIGNATURES[layout], 1_700_000_000_000, "nonce-1")
    assert is_signed(raw, proof.signature, texts(proof, SIGNED))
    other = Proof(DEVICE_ID, PUBLIC, SIGNATURES[layout], 1_700_000_000_001, "nonce-1")
    assert not is_signed(raw, other.signature, texts(other, SIGNED))


def test_a_device_without_nonce_signs_the_first_layout() -> None:
    proof = Proof("d", "k", "s", 5)
    assert texts(proof, SIGNED) == ["v1|d|cli|cli|operator|operator.read,operator.write|5|s3cret"]


def test_only_ascii_letters_are_lowered_in_the_third_layout() -> None:
    proof = Proof("d", "k", "s", 5, "n")
    third, _ = texts(proof, Signed("cli", "cli", "node", [], "", " LinuxÄ ", "MAC"))
    assert third == "v3|d|cli|cli|node||5||n|linuxÄ|mac"


def test_a_key_may_come_as_pem() -> None:
    pem = (
        "-----BEGIN PUBLIC KEY-----\n"
        "MCowBQYDK2VwAyEAA6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=\n"
        "-----END PUBLIC KEY-----\n"
    )
    raw = raw_public_key(pem)
    assert raw is not None and spelled(raw) == PUBLIC


@given(st.text(max_size=80), st.text(max_size=120), st.text(max_size=20))
def test_proofs_of_any_text_are_judged_not_raised(key: str, signature: str, text: str) -> None:
    raw = raw_public_key(key)
    if raw is not None:
        assert len(raw) == 32
    device = raw_public_key(PUBLIC)
    assert device is not None and not is_signed(device, signature, [text])


@given(st.binary(max_size=300))
def test_any_bytes_are_a_request_a_bad_frame_or_nothing(data: bytes) -> None:
    found = frames.read_request(data)
    assert found is None or isinstance(found, frames.Request | frames.BadFrame)


@given(JSON)
def test_json_that_is_no_request_is_told_what_is_wrong(value: object) -> None:
    found = frames.read_request(orjson.dumps(value))
    if isinstance(found, frames.Request):
        assert isinstance(value, dict) and value["type"] == "req" and found.id and found.method
    else:
        assert isinstance(found, frames.BadFrame) and found.problems and found.id


@given(st.text(min_size=1), st.text(min_size=1), JSON)
def test_requests_are_read_as_they_were_written(request_id: str, method: str, params: object) -> None:
    try:
        data = orjson.dumps({"type": "req", "id": request_id, "method": method, "params": params})
    except TypeError:  # half a surrogate pair
        return
    found = frames.read_request(data)
    assert found == frames.Request(request_id, method, {} if params is None else params)


@given(JSON)
def test_any_params_of_connect_are_read_or_refused_in_words(params: object) -> None:
    found = read_connect(params)
    assert isinstance(found, Connect) or found


@given(st.fixed_dictionaries({}, optional={name: JSON for name in (*CONNECT["properties"], "other")}))
def test_any_fields_of_connect_are_read_or_refused_in_words(params: dict[str, object]) -> None:
    found = read_connect(connect_params("t") | params)
    assert isinstance(found, Connect) or found.startswith(("at ", "must "))


def test_a_device_signs_what_the_gateway_reads() -> None:
    device = Device()
    for layout in ("v2", "v3"):
        params = connect_params("token", ["operator.read"])
        params["device"] = device.params(params, "nonce", layout=layout)
        found = read_connect(params)
        assert isinstance(found, Connect) and found.proof is not None
        raw = raw_public_key(found.proof.public_key)
        assert raw is not None and device_id(raw) == found.proof.device_id
        assert is_signed(raw, found.proof.signature, texts(found.proof, found.signed(token="token")))


def test_what_is_wrong_with_params_is_told_in_the_clients_words() -> None:
    schema = closed({"key": FILLED, "limit": integer(1, 5), "mode": words("a", "b")}, "key")
    assert problems_of(schema, {"nope": 1}) == "must have required property 'key'; at root: unexpected property 'nope'"
    assert problems_of(schema, {"key": ""}) == "at /key: must NOT have fewer than 1 characters"
    assert problems_of(schema, {"key": "x", "limit": 9}) == "at /limit: must be <= 5"
    assert problems_of(schema, {"key": "x", "limit": True}) == "at /limit: must be integer"
    assert problems_of(schema, {"key": "x", "mode": "c"}) == (
        "at /mode: must be equal to constant; at /mode: must match a schema in anyOf"
    )
    assert problems_of(schema, []) == "must be object"
    assert problems_of(opened({"a/b": FILLED}), {"a/b": 1, "more": 2}) == "at /a~1b: must be string"
    assert problems_of(schema, {"key": "x", "limit": 5, "mode": "b"}) == ""


@pytest.mark.parametrize(
    ("least", "most", "version"),
    [(3, 3, 3), (4, 4, 4), (3, 4, 4), (1, 99, 4), (1, 3, 3), (1, 1, None), (99, 99, None), (4, 3, None), (1, 2, None)],
)
def test_the_newest_version_in_common_is_spoken(least: int, most: int, version: int | None) -> None:
    assert agreed_version(least, most) == version


def test_events_are_numbered_without_being_written_again() -> None:
    encoded = frames.event("tick", {"ts": 1}, {"presence": 2, "health": 3})
    assert orjson.loads(frames.numbered(encoded, 7)) == {
        "type": "event",
        "event": "tick",
        "payload": {"ts": 1},
        "stateVersion": {"presence": 2, "health": 3},
        "seq": 7,
    }


@given(st.text(max_size=200))
def test_a_close_reason_fits_its_frame(text: str) -> None:
    cut = close_reason(text)
    assert len(cut.encode("utf-8", "replace")) <= 123
    assert cut.encode("utf-8", "replace") == text.encode("utf-8", "replace")[: len(cut.encode("utf-8", "replace"))]


@pytest.mark.parametrize("kind", list(ErrorKind))
def test_every_kind_of_fault_has_a_code(kind: ErrorKind) -> None:
    told = errors.error_of(GatewayError(kind, Text("devices.unknown"), {"secret": "x"}))
    assert told["code"] in ("INVALID_REQUEST", "UNAVAILABLE") and told["message"] == "unknown deviceId"
    assert "details" not in told  # what is ours stays here


@given(st.lists(st.sampled_from(SCOPES)), st.lists(st.sampled_from(SCOPES)))
def test_nothing_beyond_a_ceiling_gets_through(wanted: list[str], ceiling: list[str]) -> None:
    given_scopes = within(wanted, ceiling)
    assert beyond(given_scopes, ceiling) is None
    assert set(given_scopes) <= set(wanted)
    assert (beyond(wanted, ceiling) is None) == (set(given_scopes) == set(wanted))


def test_who_writes_may_read_and_an_administrator_everything() -> None:
    assert holds([WRITE], READ) and not holds([READ], WRITE)
    assert all(holds([ADMIN], scope) for scope in SCOPES)


def test_hints_fit_the_client() -> None:
    for client, words_of_it in (
        ("cli", "set gateway.remote.token to match gateway.auth.token"),
        ("webchat-ui", "open the dashboard URL and paste the token in Control UI settings"),
        ("test", "provide gateway auth token"),
    ):
        told = errors.unauthorized("token_mismatch", client)
        assert told["message"] == f"unauthorized: gateway token mismatch ({words_of_it})"
        assert told["details"] == {"code": "AUTH_TOKEN_MISMATCH", "authReason": "token_mismatch"}


def test_credentials_do_not_print() -> None:
    found = read_connect(connect_params("very-secret", client=CLI))
    assert "very-secret" not in repr(found)
