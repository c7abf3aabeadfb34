"""Signing in to the web console over a running server: the cookie, its proof, what other pages can do with it, signing out
(attacks 9, 19, 20)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import httpx
import pytest

from tests.support.control import ALL_SCOPES, Client, Refused, connect_params, opened
from tests.support.server import TOKEN, Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE, eventually

SESSION = "/api/console/session"
PAGE = {"id": "openclaw-control-ui", "version": "1.0.0", "platform": "web", "mode": "webchat"}
READING = ["system.read", "config.read", "logs.read", "statistics.read", "agents.manage"]
Json = dict[str, Any]


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with running_gateway(settings({})) as running:
        yield running


@pytest.fixture
def browser(gateway: Gateway) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=gateway.base_url, timeout=PATIENCE) as client:
        yield client


def signed_in(browser: httpx.Client, token: str = TOKEN) -> Json:
    answer = browser.post(SESSION, json={"token": token})
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def cookie_of(browser: httpx.Client) -> dict[str, str]:
    return {"cookie": f"crawdad_session={browser.cookies['crawdad_session']}"}


def page_of(gateway: Gateway, cookie: dict[str, str], origin: str = "") -> AbstractContextManager[Client]:
    """A page's connection to the control channel, before its connect."""
    return opened(gateway, {**cookie, "origin": origin or gateway.base_url})


def hello_of(client: Client) -> Json:
    return client.connect(connect_params(None, client=PAGE))


def test_a_token_becomes_a_cookie_that_no_script_reads(gateway: Gateway, browser: httpx.Client) -> None:
    answer = browser.post(SESSION, json={"token": TOKEN})
    told = answer.json()
    set_cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in set_cookie and "SameSite=strict" in set_cookie and "Path=/" in set_cookie
    assert "Secure" not in set_cookie  # loopback without TLS
    assert answer.headers["cache-control"] == "no-store"
    assert TOKEN not in answer.text and browser.cookies["crawdad_session"] not in answer.text
    assert told["csrf"] and told["expiresAt"] > 0 and "system.read" in told["principal"]["permissions"]
    assert browser.get(SESSION).json() == told
    over_tls = browser.post(SESSION, json={"token": TOKEN}, headers={"x-forwarded-proto": "https"})
    assert "Secure" in over_tls.headers["set-cookie"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"token": "wrong"}, 401),
        ({"token": ""}, 422),
        ({"token": "x" * 513}, 422),
        ({"token": TOKEN, "role": "admin"}, 422),
        ({}, 422),
        ([], 422),
        ({"token": 5}, 422),
    ],
)
def test_whoever_has_no_token_stays_outside(browser: httpx.Client, body: Any, status: int) -> None:
    answer = browser.post(SESSION, json=body)
    assert (answer.status_code, bool(answer.json()["error"])) == (status, True)
    assert "set-cookie" not in answer.headers
    assert browser.get(SESSION).status_code == 401


def test_a_key_for_models_alone_does_not_sign_in(gateway: Gateway, browser: httpx.Client) -> None:
    made = browser.post("/api/keys", json={"name": "models"}, headers=gateway.headers).json()
    eventually(
        lambda: browser.get("/v1/models", headers={"authorization": f"Bearer {made['key']}"}).status_code == 200,
        "the key",
    )
    answer = browser.post(SESSION, json={"token": made["key"]})
    assert answer.status_code == 403 and "set-cookie" not in answer.headers


def test_the_cookie_reads_and_changes_nothing_without_its_proof(gateway: Gateway, browser: httpx.Client) -> None:
    csrf = signed_in(browser)["csrf"]
    assert browser.get("/api/keys").status_code == 200
    assert browser.get("/v1/system/info").json()["code"] == 200  # Buddy's contract
    assert browser.get("/api/status").status_code == 200  # ClawPanel's
    for headers in ({}, {"x-crawdad-csrf": "0" * 64}, {"x-crawdad-csrf": ""}):
        refused = browser.post("/api/keys", json={"name": "forged"}, headers=headers)
        assert refused.status_code == 403 and refused.json()["code"] == "csrf"
        turn = browser.post("/v1/chat/completions", json={"model": "x", "messages": []}, headers=headers)
        assert turn.status_code == 403 and "x-crawdad-csrf" in turn.json()["error"]["message"]
    assert [key for key in browser.get("/api/keys").json()["keys"] if key["name"] == "forged"] == []
    made = browser.post("/api/keys", json={"name": "own"}, headers={"x-crawdad-csrf": csrf})
    assert made.status_code == 201
    said = {"model": "crawdad/demo", "messages": [{"role": "user", "content": "hi"}]}
    assert browser.post("/v1/chat/completions", json=said, headers={"x-crawdad-csrf": csrf}).status_code == 200


def test_another_sites_page_gets_nothing_by_the_cookie(gateway: Gateway, browser: httpx.Client) -> None:
    csrf = signed_in(browser)["csrf"]
    foreign = {"origin": "https://evil.example", "x-crawdad-csrf": csrf}
    for answer in (browser.get("/api/keys", headers=foreign), browser.post("/api/keys", json={}, headers=foreign)):
        assert answer.status_code == 403 and "access-control-allow-origin" not in answer.headers
    with page_of(gateway, cookie_of(browser), "https://evil.example") as client, pytest.raises(Refused):
        hello_of(client)


def test_the_page_is_on_the_control_channel_until_it_signs_out(gateway: Gateway, browser: httpx.Client) -> None:
    csrf = signed_in(browser)["csrf"]
    cookie = cookie_of(browser)
    with page_of(gateway, cookie) as client:
        hello = hello_of(client)
        assert sorted(hello["auth"]["scopes"]) == sorted(ALL_SCOPES) and "deviceToken" not in hello["auth"]
        assert client.call("system-presence")
        out = browser.delete(SESSION, headers={"x-crawdad-csrf": csrf})
        assert out.status_code == 204 and 'crawdad_session=""' in out.headers["set-cookie"]
        assert client.closed()[0] is not None
    assert httpx.get(gateway.base_url + SESSION, headers=cookie, timeout=PATIENCE).status_code == 401
    with page_of(gateway, cookie) as client, pytest.raises(Refused):
        hello_of(client)


def test_a_session_that_was_ended_stays_so_after_a_restart(gateway: Gateway, browser: httpx.Client) -> None:
    csrf = signed_in(browser)["csrf"]
    ended = cookie_of(browser)
    assert browser.delete(SESSION, headers={"x-crawdad-csrf": csrf}).status_code == 204
    signed_in(browser)
    other = cookie_of(browser)
    gateway.stop()
    gateway.start()
    assert httpx.get(gateway.base_url + SESSION, headers=ended, timeout=PATIENCE).status_code == 401
    assert httpx.get(gateway.base_url + SESSION, headers=other, timeout=PATIENCE).status_code == 200


def test_a_page_gets_no_more_than_its_key(gateway: Gateway, browser: httpx.Client) -> None:
    wanted = {"name": "reader", "permissions": READING}
    key = browser.post("/api/keys", json=wanted, headers=gateway.headers).json()["key"]
    eventually(lambda: browser.post(SESSION, json={"token": key}).status_code == 200, "the key")
    csrf = signed_in(browser, key)["csrf"]
    assert browser.post("/api/keys", json={"name": "x"}, headers={"x-crawdad-csrf": csrf}).status_code == 403
    with page_of(gateway, cookie_of(browser)) as client:
        assert hello_of(client)["auth"]["scopes"] == ["operator.approvals", "operator.read"]
        assert "operator.admin" in client.fault("config.set", {"raw": "{}"})["message"]


def test_browsers_are_led_to_the_console_and_programs_are_not(browser: httpx.Client) -> None:
    led = browser.get("/", headers={"accept": "text/html,application/xhtml+xml"})
    assert (led.status_code, led.headers["location"]) == (302, "/console/")
    assert browser.get("/").json()["name"] == "crawdad"
