"""The ways in, at every route of the agents and over a running server: nobody asked, token, password, a proxy's word,
Tailscale's; and being locked out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.support.control import ALL_SCOPES, CLI, Device, Refused, connect_params, opened
from tests.support.server import Gateway, GatewayFailed, running_gateway, settings
from tests.support.waiting import PATIENCE, eventually

MESSAGES = [{"role": "user", "content": "hi"}]
ASK = {"model": "openclaw", "messages": MESSAGES}
JOB = {
    "name": "j",
    "schedule": {"kind": "every", "everyMs": 3_600_000},
    "payload": {"kind": "systemEvent", "text": "t"},
}
ROUTES: tuple[tuple[str, str, Any], ...] = (
    ("POST", "/v1/chat/completions", ASK),
    ("POST", "/v1/responses", {"model": "openclaw", "input": "hi"}),
    ("POST", "/v1/messages", {**ASK, "max_tokens": 16}),
    ("GET", "/v1/models", None),
    ("POST", "/tools/invoke", {"tool": "agents_list"}),
    ("POST", "/api/v1/sessions", {"messages": MESSAGES}),
    ("GET", "/api/v1/sessions", None),
    ("POST", "/api/v1/cron/jobs", JOB),
    ("GET", "/api/v1/cron/jobs", None),
    ("GET", "/api/v1/system/status", None),
    ("GET", "/api/config", None),
)
FORWARDED = {
    "x-forwarded-for": "100.101.1.2",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "box.tail1234.ts.net",
    "tailscale-user-login": "ann@example.org",
}
TAILSCALE = """#!/bin/sh
[ "$1 $2 $3" = "whois --json 100.101.1.2" ] || exit 1
echo '{"Node": {}, "UserProfile": {"LoginName": "ann@example.org"}}'
"""
AGENTS = {"defaults": {"model": "crawdad/demo"}}
PANEL = {**CLI, "id": "openclaw-control-ui", "mode": "ui", "platform": "web"}
PROXY = {"mode": "trusted-proxy", "trustedProxy": {"userHeader": "x-user", "allowUsers": ["ann"]}}
ANN, BOB = {"x-user": "ann"}, {"x-user": "bob"}
WRONG = {"authorization": "Bearer a-wrong-key-12345"}


def answers(gateway: Gateway, headers: dict[str, str]) -> set[str]:
    """What all routes say to somebody: `in`, or the status that he is refused with."""
    found = set()
    with httpx.Client(base_url=gateway.base_url, headers=headers, timeout=PATIENCE) as client:
        for method, path, body in ROUTES:
            told = client.request(method, path, json=body)
            assert told.status_code in (200, 201, 401, 403, 429), f"{path}: {told.text}"
            found.add("in" if told.status_code < 300 else str(told.status_code))
            if told.status_code == 401:
                assert told.headers.get("www-authenticate") is None
    found.add(socket_answer(gateway, headers))
    return found


def socket_answer(gateway: Gateway, headers: dict[str, str]) -> str:
    """The same of the WebSocket for Responses."""
    try:
        with connect(
            gateway.base_url.replace("http", "ws", 1) + "/v1/responses",
            additional_headers=headers,
            proxy=None,
            open_timeout=PATIENCE,
        ) as socket:
            socket.send(
                orjson.dumps({"type": "response.create", "model": "openclaw", "input": "hi"}).decode(), text=True
            )
            told = orjson.loads(socket.recv(PATIENCE))
            return "in" if told["type"] == "response.created" else str(told.get("status"))
    except InvalidStatus as refused:
        return str(refused.response.status_code)


def refusal(gateway: Gateway, headers: dict[str, str], device: Device | None = None, **more: Any) -> dict[str, Any]:
    """How the control channel refuses somebody without a credential of his own."""
    with opened(gateway, headers) as client, pytest.raises(Refused) as refused:
        client.connect(connect_params(more.pop("token", None), **more), device)
    return refused.value.error


def own_page(gateway: Gateway, headers: dict[str, str]) -> dict[str, str]:
    return {**headers, "origin": gateway.base_url}


def test_nobody_is_asked_on_loopback_and_nowhere_else() -> None:
    with running_gateway(settings({}, agents=AGENTS, gateway={"auth": {"mode": "none"}})) as running:
        for headers in ({}, WRONG, running.headers):
            assert answers(running, headers) == {"in"}
        with opened(running) as client:
            client.connect(connect_params(None))
            assert client.call("health")["ok"]
    with (
        pytest.raises(GatewayFailed, match="this machine only"),
        running_gateway(settings({}, gateway={"bind": "0.0.0.0", "auth": {"mode": "none"}})),
    ):
        pass


def test_a_token() -> None:
    with running_gateway(settings({}, agents=AGENTS)) as running:
        assert answers(running, running.headers) == {"in"}
        for headers in ({}, WRONG, ANN, FORWARDED):
            assert answers(running, headers) == {"401"}
        assert refusal(running, {}, token="a-wrong-key-12345")["details"]["code"] == "AUTH_TOKEN_MISMATCH"
        assert refusal(running, FORWARDED)["message"] == "device identity required"


def test_a_password() -> None:
    gateway = {"auth": {"mode": "password", "password": "a rather long password"}}
    with running_gateway(settings({}, agents=AGENTS, gateway=gateway), {"CRAWDAD_TOKEN": ""}) as running:
        right = {"authorization": "Bearer a rather long password"}
        assert answers(running, right) == {"in"}
        for headers in ({}, WRONG):
            assert answers(running, headers) == {"401"}
        with opened(running) as client:
            client.connect({**connect_params(None), "auth": {"password": "a rather long password"}})
            assert client.hello["snapshot"]["authMode"] == "password"
        assert refusal(running, {}, auth={"password": "wrong"})["details"]["code"] == "AUTH_PASSWORD_MISMATCH"


@contextmanager
def proxied(**more: Any) -> Iterator[Gateway]:
    gateway: dict[str, Any] = {"auth": PROXY, "trustedProxies": ["127.0.0.1"], **more}
    with running_gateway(settings({}, agents=AGENTS, gateway=gateway)) as running:
        yield running


def test_a_trusted_proxy_says_who_comes() -> None:
    with proxied() as running:
        assert answers(running, ANN) == {"in"}
        assert answers(running, running.headers) == {"in"}
        for headers in (BOB, {}, {**ANN, **WRONG}):
            assert answers(running, headers) == {"401"}
        assert answers(running, {**ANN, "origin": "https://evil.example"}) == {"403"}


def test_a_trusted_proxys_visitors_open_the_control_channel() -> None:
    with proxied() as running:
        with opened(running, own_page(running, ANN)) as client:  # the panel needs no device, and no device is let in
            client.connect(connect_params(None, client=PANEL))
            assert sorted(client.hello["auth"]["scopes"]) == sorted(ALL_SCOPES)
            assert client.hello["snapshot"]["authMode"] == "trusted-proxy"
            assert client.call("health")["ok"]
        with opened(running, own_page(running, ANN)) as client:
            client.connect(connect_params(None, client=PANEL), Device())
            assert "deviceToken" not in client.hello["auth"] and client.call("device.pair.list")["paired"] == []
        with opened(running, own_page(running, ANN)) as client:  # an old token that the panel has kept
            client.connect(connect_params("a-stale-token-12345", ["operator.read"], client=PANEL), Device())
            assert client.hello["auth"]["scopes"] == ["operator.read"]
        for headers in (own_page(running, BOB), own_page(running, {})):
            assert refusal(running, headers, client=PANEL)["details"]["code"] == "CONTROL_UI_DEVICE_IDENTITY_REQUIRED"
        told = refusal(running, {**ANN, "origin": "https://evil.example"}, client=PANEL)
        assert told["message"].startswith("origin not allowed")
        assert refusal(running, ANN)["message"] == "device identity required"  # other programs bring a device
        assert refusal(running, BOB, Device())["message"].startswith("unauthorized")


def test_a_device_of_a_visitor_is_let_in_by_somebody_and_goes_with_him() -> None:
    with proxied() as running:
        device = Device()
        told = refusal(running, ANN, device)
        assert told["code"] == "NOT_PAIRED" and told["details"]["reason"] == "not-paired"
        with opened(running, own_page(running, ANN)) as panel:
            panel.connect(connect_params(None, client=PANEL))
            panel.call("device.pair.approve", {"requestId": told["details"]["requestId"]})
        with opened(running, ANN) as client:
            client.connect(connect_params(None, ["operator.read"]), device)
            assert client.hello["auth"]["deviceToken"] and client.call("health")["ok"]
            rules = {**PROXY["trustedProxy"], "allowUsers": ["carol"]}  # type: ignore[dict-item]
            with httpx.Client(base_url=running.base_url, headers=running.headers, timeout=PATIENCE) as administrator:
                config = orjson.loads((running.home / "openclaw.json").read_bytes())
                config["gateway"]["auth"]["trustedProxy"] = rules
                (running.home / "openclaw.json").write_bytes(orjson.dumps(config))
                eventually(
                    lambda: administrator.get("/v1/models", headers={**ANN, "authorization": ""}).status_code == 401,
                    "the rules to count",
                )
            client.send({"type": "req", "id": "last", "method": "health", "params": {}})
            assert client.closed()[0] == 4001
        assert refusal(running, ANN, device)["message"].startswith("unauthorized")


@contextmanager
def tailscale(tmp_path: Path) -> Iterator[Gateway]:
    program = tmp_path / "tailscale"
    program.write_text(TAILSCALE)
    program.chmod(0o755)
    environment = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    config = settings({}, agents=AGENTS, gateway={"tailscale": {"mode": "serve"}})
    with running_gateway(config, environment) as running:
        yield running


def test_tailscale_says_who_comes(tmp_path: Path) -> None:
    with tailscale(tmp_path) as running:
        assert answers(running, FORWARDED) == {"in"}
        for headers in (
            {**FORWARDED, "tailscale-user-login": "boss@example.org"},
            {**FORWARDED, "x-forwarded-for": "100.101.1.3"},
            {"tailscale-user-login": "ann@example.org"},
        ):
            assert answers(running, headers) == {"401"}


def test_what_tailscale_serves_is_asked_for_by_the_machines_own_name(tmp_path: Path) -> None:
    with tailscale(tmp_path) as running:
        named = {**FORWARDED, "host": "box.tail1234.ts.net", "origin": "https://box.tail1234.ts.net"}
        told = httpx.get(running.base_url + "/v1/models", headers=named, timeout=PATIENCE)
        assert told.status_code == 200, told.text
        assert (
            httpx.get(
                running.base_url + "/v1/models", headers={**named, "host": "ts.net.evil.example"}, timeout=PATIENCE
            ).status_code
            == 400
        )
    with running_gateway(settings({})) as plain:
        headers = {**plain.headers, "host": "box.tail1234.ts.net"}
        assert httpx.get(plain.base_url + "/v1/models", headers=headers, timeout=PATIENCE).status_code == 400


def test_visitors_from_the_tailnet_open_the_control_channel_with_a_device(tmp_path: Path) -> None:
    with tailscale(tmp_path) as running:
        page, device = own_page(running, FORWARDED), Device()
        assert refusal(running, page, client=PANEL)["details"]["code"] == "CONTROL_UI_DEVICE_IDENTITY_REQUIRED"
        told = refusal(running, page, device, client=PANEL)
        assert told["code"] == "NOT_PAIRED"
        with opened(running) as operator:
            operator.connect(connect_params(running.token))
            operator.call("device.pair.approve", {"requestId": told["details"]["requestId"]})
        with opened(running, page) as client:
            client.connect(connect_params(None, client=PANEL), device)
            assert client.call("health")["ok"]
        stranger = {**page, "tailscale-user-login": "boss@example.org"}
        assert refusal(running, stranger, device, client=PANEL)["details"]["code"] == "AUTH_TOKEN_MISSING"


def test_whoever_guesses_is_locked_out_as_configured() -> None:
    limit = {"maxAttempts": 3, "windowMs": 60000, "lockoutMs": 90000, "exemptLoopback": False}
    with running_gateway(settings({}, agents=AGENTS, gateway={"auth": {"rateLimit": limit}})) as running:
        with httpx.Client(base_url=running.base_url, timeout=PATIENCE) as client:
            told = [client.post("/v1/chat/completions", json=ASK, headers=WRONG) for _ in range(3)]
            assert [each.status_code for each in told] == [401] * 3
            for headers in (WRONG, running.headers):  # the right key is told no different: no oracle
                answer = client.post("/v1/chat/completions", json=ASK, headers=headers)
                assert answer.status_code == 429 and 0 < int(answer.headers["retry-after"]) <= 90
                assert answer.json()["error"]["type"] == "rate_limited"
        for headers in (WRONG, running.headers):
            assert answers(running, headers) == {"429"}
        assert refusal(running, {}, token=running.token)["details"]["code"] == "AUTH_RATE_LIMITED"
