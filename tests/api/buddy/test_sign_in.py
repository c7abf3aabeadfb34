"""OpenClaw Buddy's envelope, `/login` and who is let in: buddy.md §0.4, §1.1, §2; decision 2."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, cast

import httpx
import pytest
from fastapi import Request

from crawdad.api.buddy.access import COOKIE, Access
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.services.identity import Door
from crawdad.services.identity.panel_tokens import PanelTokens
from tests.support.fakes import FakeClock
from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE

INFO = "/v1/system/info"


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with running_gateway(settings({})) as found:
        yield found


def ask(gateway: Gateway, method: str, path: str, **more: Any) -> httpx.Response:
    return httpx.request(method, gateway.base_url + path, timeout=PATIENCE, **more)


def signed_in(gateway: Gateway) -> str:
    answer = ask(gateway, "POST", "/login", json={"token": gateway.token})
    found = answer.headers["set-cookie"].partition(";")[0].removeprefix("guardian_token=")
    assert found
    return found


def refused(answer: httpx.Response, status: int) -> str:
    """What it says, where it is the envelope of a failure: message and error are one."""
    body = answer.json()
    assert (answer.status_code, body["code"], set(body)) == (status, status, {"code", "message", "error"}), answer.text
    assert body["message"] == body["error"]
    return str(body["message"])


def test_health_is_the_union_of_what_its_readers_look_for(gateway: Gateway) -> None:
    body = ask(gateway, "GET", "/health").json()
    assert (body["code"], body["message"], body["data"]) == (200, "success", {"status": "ok"})
    assert (body["ok"], body["status"]) == (True, "live")


def test_a_login_sets_a_session_and_never_the_credential(gateway: Gateway) -> None:
    answer = ask(gateway, "POST", "/login", json={"token": gateway.token})
    body = answer.json()
    assert (answer.status_code, body["code"], body["message"]) == (200, 200, "success")
    assert body["data"]["status"] == "success"
    cookie = answer.headers["set-cookie"]
    assert gateway.token not in cookie
    parts = {part.strip().lower() for part in cookie.split(";")}
    assert {"httponly", "samesite=strict", "path=/", "max-age=604800"} <= parts
    assert "secure" not in parts
    over_tls = ask(
        gateway, "POST", "/login", json={"token": gateway.token}, headers={"x-forwarded-proto": "https"}
    ).headers["set-cookie"]
    assert "secure" in {part.strip().lower() for part in over_tls.split(";")}


@pytest.mark.parametrize("body", [{"token": "wrong"}, {}, {"token": ""}, {"token": 5}, {"token": None}])
def test_a_wrong_or_missing_token_is_a_401(gateway: Gateway, body: dict[str, Any]) -> None:
    answer = ask(gateway, "POST", "/login", json=body)
    assert refused(answer, 401) == "Invalid token"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(("content", "status"), [(b"{", 400), (b"", 400), (b"[1]", 400), (b" " * 20_000, 413)])
def test_odd_bodies_are_refused_in_the_envelope(gateway: Gateway, content: bytes, status: int) -> None:
    refused(ask(gateway, "POST", "/login", content=content, headers={"content-type": "application/json"}), status)


def test_every_way_in_opens_the_same(gateway: Gateway) -> None:
    session = signed_in(gateway)
    ways: list[dict[str, str]] = [
        {"authorization": f"Bearer {gateway.token}"},
        {"authorization": f"Bearer {session}"},
        {"cookie": f"{COOKIE}={session}"},
        {"cookie": f"{COOKIE}={gateway.token}"},
        {"x-admin-token": gateway.token},
    ]
    for headers in ways:
        answer = ask(gateway, "GET", INFO, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (200, 200), headers
    assert refused(ask(gateway, "GET", INFO), 401) == "Unauthorized: Invalid or missing token"
    for headers in ({"authorization": "Bearer junk"}, {"cookie": f"{COOKIE}=junk"}, {"cookie": f"{COOKIE}=eyJ.e30.x"}):
        refused(ask(gateway, "GET", INFO, headers=headers), 401)
    refused(ask(gateway, "GET", f"{INFO}?token={gateway.token}"), 401)


def test_a_bad_header_is_not_made_good_by_the_cookie(gateway: Gateway) -> None:
    headers = {"authorization": "Bearer junk", "cookie": f"{COOKIE}={signed_in(gateway)}"}
    refused(ask(gateway, "GET", INFO, headers=headers), 401)


def test_a_key_for_models_alone_does_not_sign_in(gateway: Gateway) -> None:
    made = ask(gateway, "POST", "/api/keys", json={"name": "models"}, headers={"x-admin-token": gateway.token})
    key = made.json()["key"]
    refused(ask(gateway, "POST", "/login", json={"token": key}), 403)
    refused(ask(gateway, "GET", INFO, headers={"authorization": f"Bearer {key}"}), 403)


def test_unknown_paths_and_methods_are_told_in_the_envelope(gateway: Gateway) -> None:
    headers = gateway.headers
    for path in ("/v1/openclaw/nothing", "/v1/heal/x", "/v1/system/"):
        refused(ask(gateway, "GET", path, headers=headers), 404)
    wrong = ask(gateway, "DELETE", INFO, headers=headers)
    refused(wrong, 405)
    assert "GET" in wrong.headers["allow"]
    refused(ask(gateway, "GET", "/login", headers=headers), 405)


def test_other_spellings_mean_the_same(gateway: Gateway) -> None:
    assert ask(gateway, "GET", f"{INFO}/", headers=gateway.headers).status_code == 200
    head = ask(gateway, "HEAD", INFO, headers=gateway.headers)
    assert (head.status_code, head.content) == (200, b"")


def test_the_machine_is_told_in_both_ways(gateway: Gateway) -> None:
    data = ask(gateway, "GET", INFO, headers=gateway.headers).json()["data"]
    assert set(data) == {"hostname", "os", "arch", "cpus", "cpu", "memory", "disk"}
    assert data["cpu"]["cores"] == data["cpus"] > 0
    assert 0 <= data["cpu"]["usage"] <= 100
    assert 0 < data["memory"]["used"] < data["memory"]["total"]
    assert 0 < data["memory"]["percent"] < 100
    assert 0 < data["disk"]["percent"] <= 100


def test_guessing_locks_the_address_out() -> None:
    limit = {"maxAttempts": 3, "windowMs": 60_000, "lockoutMs": 60_000, "exemptLoopback": False}
    with running_gateway(settings({}, gateway={"auth": {"rateLimit": limit}})) as found:
        statuses = [ask(found, "POST", "/login", json={"token": f"wrong-{n}"}).status_code for n in range(5)]
        assert (statuses[0], statuses[-1]) == (401, 429)
        refused(ask(found, "POST", "/login", json={"token": found.token}), 429)


def test_who_comes_by_a_proxy_of_this_machine_is_not_spared_as_local_programs_are(gateway: Gateway) -> None:
    """The default spares loopback; a proxy on the same host that nobody trusted lends its place to nobody."""
    by_proxy = {"x-forwarded-for": "203.0.113.9"}

    def guess(number: int, headers: dict[str, str]) -> int:
        return ask(gateway, "POST", "/login", json={"token": f"wrong-{number}"}, headers=headers).status_code

    assert [guess(number, {}) for number in range(12)] == [401] * 12
    assert [guess(number, by_proxy) for number in range(10)] == [401] * 10
    assert guess(10, by_proxy) == 429
    assert guess(11, {"x-forwarded-for": "127.0.0.1"}) == 429, "to call oneself local helps nobody"
    refused(ask(gateway, "POST", "/login", json={"token": gateway.token}, headers={"x-real-ip": "::1"}), 429)
    assert ask(gateway, "POST", "/login", json={"token": gateway.token}).status_code == 200, (
        "and locks nobody local out"
    )


def test_behind_a_trusted_proxy_each_client_is_counted_for_itself() -> None:
    with running_gateway(settings({}, gateway={"trustedProxies": ["127.0.0.1"]})) as found:

        def login(token: str, client: str) -> int:
            headers = {"x-forwarded-for": f"127.0.0.1, {client}"}
            return ask(found, "POST", "/login", json={"token": token}, headers=headers).status_code

        assert [login(f"wrong-{number}", "203.0.113.9") for number in range(11)] == [401] * 10 + [429]
        assert login(found.token, "203.0.113.9") == 429
        assert login(found.token, "203.0.113.10") == 200


def test_the_cookie_alone_changes_nothing() -> None:
    """Of the guard itself: no route of the contract that changes something may be reached so."""
    access = Access(Door(FakeClock()), cast(PanelTokens, None))
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        scope = {"type": "http", "method": method, "headers": [(b"cookie", f"{COOKIE}=eyJ.a.b".encode())]}
        with pytest.raises(GatewayError) as raised:
            asyncio.run(access.principal(Request(scope)))
        assert (raised.value.kind, raised.value.details["code"]) == (ErrorKind.FORBIDDEN, "csrf")
