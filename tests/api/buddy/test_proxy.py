"""`/v1/proxy/…`: buddy.md §6.11, §8; decision 7."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.support.scripted_model import MODEL, NAME, ScriptedModel, says
from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel(says("Hello."), says("Again.")) as found:
        yield found


@pytest.fixture(scope="module")
def gateway(model: ScriptedModel) -> Iterator[Gateway]:
    with running_gateway(settings({NAME: model.provider()})) as found:
        yield found


def ask(gateway: Gateway, path: str, method: str = "GET", **more: Any) -> httpx.Response:
    more.setdefault("headers", gateway.headers)
    return httpx.request(method, f"{gateway.base_url}/v1/proxy{path}", timeout=PATIENCE, **more)


def test_routes_of_every_kind_answer_as_they_do_without_it(gateway: Gateway) -> None:
    for path in ("/health", "/v1/models", "/v1/system/info", "/api/keys", "/v1/openclaw/nothing", "/nothing"):
        direct = httpx.get(gateway.base_url + path, headers=gateway.headers, timeout=PATIENCE)
        through = ask(gateway, path)
        assert through.status_code == direct.status_code, path
        assert set(through.json()) == set(direct.json()), path
        assert through.headers["content-type"] == direct.headers["content-type"]
        names = set(direct.headers) - {"set-cookie"}
        assert names == set(through.headers), path


def test_a_turn_of_a_model_streams(gateway: Gateway) -> None:
    body = {"model": f"{NAME}/{MODEL}", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    answer = ask(gateway, "/v1/chat/completions", "POST", json=body)
    assert answer.status_code == 200
    assert "Hello." in answer.text
    assert answer.text.rstrip().endswith("data: [DONE]")


def test_the_callers_rights_count_and_no_others(gateway: Gateway) -> None:
    made = httpx.post(
        gateway.base_url + "/api/keys",
        json={"name": "reader", "permissions": ["system.read"]},
        headers={"x-admin-token": gateway.token},
        timeout=PATIENCE,
    ).json()
    own = {"authorization": f"Bearer {made['key']}"}
    assert ask(gateway, "/v1/system/info", headers=own).status_code == 200
    assert ask(gateway, "/api/keys", headers=own).status_code in (401, 403)
    assert ask(gateway, "/v1/chat/completions", "POST", headers=own, json={}).status_code == 403


def test_who_may_not_come_in_is_told_in_the_envelope(gateway: Gateway) -> None:
    for headers in ({}, {"authorization": "Bearer junk"}, {"cookie": "guardian_token=junk"}):
        answer = ask(gateway, "/health", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, 401)
    assert ask(gateway, f"/health?token={gateway.token}", headers={}).status_code == 401


def test_the_cookie_alone_reads(gateway: Gateway) -> None:
    login = httpx.post(gateway.base_url + "/login", json={"token": gateway.token}, timeout=PATIENCE)
    cookie = {"cookie": f"guardian_token={login.json()['data']['token']}"}
    assert ask(gateway, "/v1/system/info", headers=cookie).status_code == 200
    changing = ask(gateway, "/api/keys", "POST", headers=cookie, json={"name": "mine"})
    assert (changing.status_code, changing.json()["code"]) == (403, 403)


def test_no_cookie_is_set_below_it(gateway: Gateway) -> None:
    answer = ask(gateway, "/login", "POST", json={"token": gateway.token})
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        "//elsewhere.example/",
        "/http://elsewhere.example/",
        "/a/..%2fhealth",
        "/%2e%2e/health",
        "/a%5cb",
        "/%252e%252e/health",
        "/v1/proxy/health",
        "/v1/proxy/v1/proxy/health",
        "/v1/proxy",
    ],
)
def test_paths_that_do_not_say_what_they_mean_lead_nowhere(gateway: Gateway, path: str) -> None:
    raw = f"/v1/proxy{path}".encode()
    url = httpx.URL(gateway.base_url).copy_with(raw_path=raw)
    answer = httpx.get(url, headers=gateway.headers, timeout=PATIENCE)
    assert (answer.status_code, answer.json()["code"]) == (404, 404)


def test_sockets_pass_and_are_guarded_alike(gateway: Gateway) -> None:
    address = gateway.base_url.replace("http", "ws", 1) + "/v1/proxy"
    with connect(f"{address}/?token={gateway.token}", open_timeout=PATIENCE, proxy=None) as socket:
        assert orjson.loads(socket.recv(timeout=PATIENCE))["event"] == "connect.challenge"
    with connect(
        f"{address}/v1/ws/logs?history_lines=1", additional_headers=gateway.headers, open_timeout=PATIENCE, proxy=None
    ) as socket:
        assert orjson.loads(socket.recv(timeout=PATIENCE))["type"] == "LOG_HISTORY"
    refusals: tuple[dict[str, Any], ...] = (
        {},
        {"additional_headers": gateway.headers, "origin": "https://elsewhere.example"},
    )
    for more in refusals:
        with (
            pytest.raises(InvalidStatus) as raised,
            connect(f"{address}/v1/ws/logs", open_timeout=PATIENCE, proxy=None, **more),
        ):
            pass
        assert raised.value.response.status_code == (403 if more else 401)
    with (
        pytest.raises(InvalidStatus) as raised,
        connect(f"{address}/v1/proxy/", additional_headers=gateway.headers, open_timeout=PATIENCE, proxy=None),
    ):
        pass
    assert raised.value.response.status_code == 404


def test_a_page_of_another_site_gets_nothing_and_frames_stay_forbidden(gateway: Gateway) -> None:
    foreign = {**gateway.headers, "origin": "https://elsewhere.example"}
    assert ask(gateway, "/v1/system/info", headers=foreign).status_code == 403
    kept = ("x-frame-options", "content-security-policy")
    for path in ("/", "/api/keys", "/health"):
        direct = httpx.get(gateway.base_url + path, headers=gateway.headers, timeout=PATIENCE)
        through = ask(gateway, path)
        assert [direct.headers.get(name) for name in kept] == [through.headers.get(name) for name in kept]
