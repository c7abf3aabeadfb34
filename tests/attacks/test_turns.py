"""What happens between the two sides of a turn: names that carry headers, clients that leave, upstreams that fail twice."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import httpx
import orjson
import pytest

from tests.attacks.conftest import providers_of
from tests.attacks.records import exchanges, logged
from tests.attacks.sockets import connect
from tests.support.server import TOKEN, Gateway, running_gateway, settings
from tests.support.upstreams.faulty import FaultyUpstream
from tests.support.upstreams.loopback import Received
from tests.support.waiting import PATIENCE, eventually

_UPSTREAMS = ("chat", "anthropic")
_ASK = [{"role": "user", "content": "hi"}]


@pytest.fixture(scope="module")
def patient(faulty_upstream: FaultyUpstream) -> Iterator[Gateway]:
    """A gateway that tries twice."""
    found = providers_of("faulty", faulty_upstream)
    with running_gateway(settings(found, retry={"attempts": 2, "baseSeconds": 0.01})) as running:
        yield running


def _received(upstream: FaultyUpstream, name: str, since: int) -> list[Received]:
    return [entry for entry in list(upstream.journal)[since:] if entry.body and entry.json.get("model") == name]


def _post(gateway: Gateway, body: object, **headers: str) -> httpx.Response:
    return httpx.post(
        gateway.base_url + "/v1/chat/completions", json=body, headers={**gateway.headers, **headers}, timeout=PATIENCE
    )


@pytest.mark.parametrize("name", ["m\r\nX-Evil: 1", "m\nX-Evil: 1", "m\0", "m\x1b[2J", "", "m" * 300])
def test_a_models_name_makes_no_headers(gateway: Gateway, name: str) -> None:
    """Attack 28: line ends, NUL and escapes in a model's name are refused before anything is sent anywhere."""
    answer = _post(gateway, {"model": f"faulty-chat/{name}" if name else name, "messages": _ASK})
    assert answer.status_code == 400 and answer.json()["error"]["param"] == "model"
    assert "x-evil" not in answer.headers


@pytest.mark.parametrize("upstream", _UPSTREAMS)
def test_a_users_id_makes_no_headers(gateway: Gateway, faulty_upstream: FaultyUpstream, upstream: str) -> None:
    """Attack 28: what stands in the body stays in the body; a request id that is no id is replaced."""
    since, name = len(faulty_upstream.journal), "fault:status,code=418"
    body = {"model": f"faulty-{upstream}/{name}", "messages": _ASK, "user": "u\r\nX-Evil: 1"}
    answer = _post(gateway, body, **{"x-request-id": "a b;c"})
    assert answer.headers["x-request-id"] == answer.headers["request-id"]
    (entry,) = _received(faulty_upstream, name, since)
    assert "x-evil" not in entry.headers


@pytest.mark.parametrize("upstream", _UPSTREAMS)
@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_leaves_ends_the_upstream_call(
    gateway: Gateway, faulty_upstream: FaultyUpstream, upstream: str, stream: bool
) -> None:
    """Attack 32: the upstream, which would say nothing for ever, is let go of; the exchange is in the log once, as cancelled."""
    since, began, name = len(faulty_upstream.journal), time.time(), "fault:silent"
    body = orjson.dumps({"model": f"faulty-{upstream}/{name}", "messages": _ASK, "stream": stream})
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
    connection = connect(gateway)
    connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    (entry,) = eventually(lambda: _received(faulty_upstream, name, since), "the upstream to be asked")
    connection.shutdown(socket.SHUT_RDWR)
    connection.close()
    eventually(lambda: entry.left_at is not None, "the upstream to be let go of")
    asked = f"faulty-{upstream}/{name}"
    rows = eventually(
        lambda: exchanges(gateway, "model_requested = ? AND started_at >= ?", asked, began), "the exchange in the log"
    )
    assert [row["outcome"] for row in rows] == ["cancelled"]


@pytest.mark.parametrize("upstream", _UPSTREAMS)
def test_a_fault_before_the_first_event_is_tried_again(
    patient: Gateway, faulty_upstream: FaultyUpstream, upstream: str
) -> None:
    """Attack 33: the second try answers, with the same idempotency key; the client sees one answer."""
    since, name = len(faulty_upstream.journal), f"fault:status,code={503 if upstream == 'chat' else 529},times=1"
    answer = _post(patient, {"model": f"faulty-{upstream}/{name}", "messages": _ASK}, **{"idempotency-key": "key-1"})
    assert answer.status_code == 200 and len(answer.json()["choices"]) == 1
    tries = _received(faulty_upstream, name, since)
    (key,) = {entry.headers["idempotency-key"] for entry in tries}
    assert len(tries) == 2 and key != "key-1", "one for both tries, and of nobody else"
    assert len(logged(patient, answer.headers["request-id"])["attempts"]) == 2


@pytest.mark.parametrize("upstream", _UPSTREAMS)
@pytest.mark.parametrize("fault", ["fin-midstream", "rst-midstream"])
def test_a_fault_after_the_first_event_is_never_tried_again(
    patient: Gateway, faulty_upstream: FaultyUpstream, upstream: str, fault: str
) -> None:
    """Attack 33: the client has heard something; it gets an error event, and the upstream is asked once."""
    since, name = len(faulty_upstream.journal), f"fault:{fault}"
    body = {"model": f"faulty-{upstream}/{name}", "messages": _ASK, "stream": True}
    answer = _post(patient, body)
    assert answer.status_code == 200 and '"error"' in answer.text
    assert answer.text.count('"role":"assistant"') + answer.text.count('"role": "assistant"') <= 1
    assert len(_received(faulty_upstream, name, since)) == 1
    row = logged(patient, answer.headers["request-id"])
    assert row["outcome"] == "failed" and len(row["attempts"]) == 1
