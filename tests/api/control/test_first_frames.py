"""What a connection may begin with, and what becomes of those that begin otherwise."""

from __future__ import annotations

import pytest

from tests.support.control import BACKEND, Device, Refused, connect_params, connected, opened
from tests.support.server import Gateway


def test_who_says_nothing_is_let_go(gateway: Gateway) -> None:
    with opened(gateway) as client:
        assert client.closed(20) == (1000, "")


def test_what_is_no_json_is_let_go_without_a_word(gateway: Gateway) -> None:
    with opened(gateway) as client:
        client.send("{bad")
        assert client.closed() == (1000, "") and not client.events


def test_what_is_no_frame_is_a_policy_matter(gateway: Gateway) -> None:
    with opened(gateway) as client:
        client.send({"hello": 1})
        assert client.closed() == (1008, "invalid request frame") and not client.events


def test_the_first_request_connects(gateway: Gateway) -> None:
    with opened(gateway) as client:
        words = "invalid handshake: first request must be connect"
        assert client.fault("health") == {"code": "INVALID_REQUEST", "message": words}
        assert client.closed() == (1008, words)


def test_a_client_connects_once(gateway: Gateway) -> None:
    with connected(gateway) as client:
        assert client.fault("connect", connect_params(gateway.token))["message"] == (
            "connect is only valid as the first request"
        )
        assert client.call("health")["ok"]


def test_later_frames_are_answered_or_ignored(gateway: Gateway) -> None:
    with connected(gateway) as client:
        client.send("{bad")
        client.send({"foo": 1})
        assert client.response("invalid")["error"]["message"] == (
            "invalid request frame: must have required property 'type'; must have required property 'id'; "
            "must have required property 'method'; at root: unexpected property 'foo'"
        )
        client.send({"type": "req", "id": "x1"})
        assert (
            client.response("x1")["error"]["message"] == "invalid request frame: must have required property 'method'"
        )
        client.socket.send(b'{"type":"req","id":"b","method":"health"}')  # bytes will do
        assert client.response("b")["ok"]


@pytest.mark.parametrize(
    ("params", "code", "message"),
    [
        (
            {"auth": {"token": "wrong token"}},
            "INVALID_REQUEST",
            "unauthorized: gateway token mismatch (set gateway.remote.token to match gateway.auth.token)",
        ),
        (
            {"auth": {"token": "wrong token"}, "client": BACKEND},
            "INVALID_REQUEST",
            "unauthorized: gateway token mismatch (provide gateway auth token)",
        ),
        (
            {"auth": {"password": "x"}},
            "INVALID_REQUEST",
            "unauthorized: gateway token missing (set gateway.remote.token to match gateway.auth.token)",
        ),
        ({}, "NOT_PAIRED", "device identity required"),
        ({"role": "node", "auth": {"token": "x"}}, "NOT_PAIRED", "device identity required"),
        ({"role": "bogus"}, "INVALID_REQUEST", "invalid role"),
        ({"bogus": 1}, "INVALID_REQUEST", "invalid connect params: at root: unexpected property 'bogus'"),
        (
            {"client": {**BACKEND, "id": "mine"}},
            "INVALID_REQUEST",
            "invalid connect params: at /client/id: must be equal to constant; at /client/id: must match a schema in anyOf",
        ),
    ],
)
def test_refusals_in_the_words_that_clients_know(
    gateway: Gateway, params: dict[str, object], code: str, message: str
) -> None:
    with opened(gateway) as client, pytest.raises(Refused) as refused:
        client.connect({**connect_params(None), **params})
    assert (refused.value.error["code"], refused.value.error["message"]) == (code, message)
    assert (refused.value.code, refused.value.reason) == (1008, message[:120])


@pytest.mark.parametrize(
    ("signing", "message"),
    [({"signed_at": 1_700_000_000_000}, "device signature expired"), ({"layout": "v1"}, "device signature invalid")],
)
def test_proofs_that_do_not_hold(gateway: Gateway, signing: dict[str, object], message: str) -> None:
    with opened(gateway) as client, pytest.raises(Refused) as refused:
        client.connect(connect_params(gateway.token), Device(), **signing)
    assert refused.value.error["message"] == message


def test_an_end_is_announced(gateway: Gateway) -> None:
    from tests.support.server import running_gateway, settings

    with running_gateway(settings({})) as other, connected(other) as client:
        other.stop()
        assert client.closed() == (1012, "service restart")
        shutdown = client.events[-1]
        assert shutdown["event"] == "shutdown" and shutdown["payload"]["reason"] == "service restart"
