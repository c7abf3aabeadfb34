"""Attacks on the routes of management: forged and foreign credentials, other people's objects, fields that only the gateway
may fill, patterns and cursors that cost time, tables that a spreadsheet would run (attacks 11, 12, 14, 19, 21 to 26)."""

from __future__ import annotations

import asyncio
import base64
import csv
import io
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import psutil
import pytest
import websockets.asyncio.client

from crawdad.core.identity import Permission
from tests.api.opsclaw.client import call
from tests.attacks.keys import Key, new_key, revoke
from tests.attacks.test_credentials import HEADERS, METACHARACTERS, forged
from tests.support.server import Gateway, running_gateway, settings
from tests.support.upstreams.accounts import AccountVendor
from tests.support.waiting import PATIENCE, eventually, until

ADMIN_HEADERS = {**HEADERS, "x-admin-token": "{}"}
RESTRICTED = {
    "POST /api/accounts": {"provider": "acme", "apiKey": "sk-x-0123456789"},
    "POST /api/accounts/export": {"secrets": True},
    "POST /api/accounts/reorder": {"accountIds": []},
    "POST /api/accounts/refresh": {},
    "POST /api/config": {"theme": "dark"},
    "POST /api/proxy/stop": {},
    "POST /api/proxy/mapping": {"custom_mapping": {}},
    "POST /api/logs/clear": {},
    "POST /api/stats/token/clear": {},
    "POST /api/proxy/cli/sync": {"appType": "Claude"},
    "POST /api/proxy/cloudflared/start": {},
    "POST /api/keys": {"name": "mine", "permissions": ["keys.manage"]},
}


@pytest.fixture(scope="module")
def vendor() -> Iterator[AccountVendor]:
    with AccountVendor() as found:
        yield found


@pytest.fixture(scope="module")
def managed(vendor: AccountVendor) -> Iterator[Gateway]:
    """A gateway with two accounts; its token administers it."""
    with running_gateway(settings({}, accounts={"refreshMinutes": 0}, retry={"attempts": 1})) as running:
        for name in ("one", "two"):
            key = vendor.open(f"sk-managed-{name}-0123456789")
            body = {"provider": "acme", "apiKey": key.secret, "baseUrl": vendor.url + "/v1", "label": name}
            assert call(running, "POST", "/api/accounts", body).status == 200
        yield running


def accounts(gateway: Gateway) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = call(gateway, "GET", "/api/accounts").json["accounts"]
    return found


@pytest.mark.parametrize("header", ADMIN_HEADERS)
def test_forged_tokens_and_metacharacters_administer_nothing(managed: Gateway, header: str) -> None:
    """Attacks 10 and 14."""
    tokens = [
        forged("none", b""),
        forged("HS256", b""),
        forged("HS256", managed.token.encode()),
        forged("HS256", b"", kid="../../../dev/null"),
        *METACHARACTERS,
    ]
    with httpx.Client(base_url=managed.base_url, trust_env=False, timeout=PATIENCE) as client:
        for token in tokens:
            value = ADMIN_HEADERS[header].format(token).encode()
            told = client.get("/api/config", headers={header.encode(): value})
            assert told.status_code == 401 and told.json()["error"] and token not in told.text, token
        assert client.get("/api/config", headers={header: ADMIN_HEADERS[header].format(managed.token)}).is_success


def test_wrong_credentials_cost_the_guesser_and_not_the_gateway(managed: Gateway) -> None:
    """Attack 12: no slow hash is worked out for what anybody may send, all headers filled. Such a hash takes tens of
    milliseconds for each of them; what a refusal costs here is far from that on any machine, however busy."""
    assert managed.process is not None
    process = psutil.Process(managed.process.pid)
    with httpx.Client(base_url=managed.base_url, trust_env=False, timeout=PATIENCE) as client:
        client.get("/api/config", headers={"x-admin-token": "warming-up-0123456789"})
        before = process.cpu_times()
        for number in range(500):
            headers = {name: form.format(f"guess-{number}-{name}") for name, form in ADMIN_HEADERS.items()}
            assert client.get("/api/config", headers=headers).status_code == 401
        after = process.cpu_times()
    assert (after.user + after.system - before.user - before.system) / 500 < 0.015, "routing and HTTP included"


async def test_a_key_of_another_installation_is_a_key_of_nobody(managed: Gateway) -> None:
    """Attack 14: cross-instance reuse."""
    with running_gateway(settings({})) as other:
        theirs = await new_key(other, permissions=frozenset(Permission))
        assert call(other, "GET", "/api/config", headers={"x-admin-token": theirs.token}).status == 200
        for name, form in ADMIN_HEADERS.items():
            told = call(managed, "GET", "/api/config", headers={name: form.format(theirs.token)})
            assert told.status == 401


@pytest.mark.parametrize("header", ADMIN_HEADERS)
async def test_a_restricted_key_is_restricted_in_every_header(managed: Gateway, header: str) -> None:
    """Attack 11: a key that may look may only look, also beside a header with a key for models."""
    looker = await new_key(managed, permissions=frozenset({Permission.ACCOUNTS_READ, Permission.CONFIG_READ}))
    plain = await new_key(managed)
    before = accounts(managed)
    for extra in ({}, {"x-api-key": plain.token}):
        headers = {**extra, header: ADMIN_HEADERS[header].format(looker.token)}
        assert call(managed, "GET", "/api/accounts", headers=headers).status == 200
        for route, body in RESTRICTED.items():
            method, path = route.split()
            told = call(managed, method, path, body, headers)
            assert told.status == 403 and told.json["error"], (route, told)
    assert accounts(managed) == before
    assert call(managed, "GET", "/api/proxy/status").json["running"] is True


async def test_an_open_socket_takes_no_turn_for_a_key_that_ended(managed: Gateway) -> None:
    """Attack 19: the end of a key is the end of what it opened, WebSockets included."""
    key = await new_key(managed)
    url = managed.base_url.replace("http", "ws") + "/v1/responses"
    create = orjson.dumps({"type": "response.create", "model": "crawdad/demo", "input": "hi"}).decode()
    async with websockets.asyncio.client.connect(url, additional_headers=key.headers, open_timeout=PATIENCE) as socket:
        await socket.send(create)
        while orjson.loads(await asyncio.wait_for(socket.recv(), PATIENCE))["type"] != "response.completed":
            pass
        await revoke(managed, key)

        async def refused() -> bool:
            try:
                await socket.send(create)
                event = orjson.loads(await asyncio.wait_for(socket.recv(), PATIENCE))
            except websockets.exceptions.ConnectionClosed:
                return True
            if event["type"] == "error":
                assert event["status"] == 401, event
                return True
            while event["type"] != "response.completed":
                event = orjson.loads(await asyncio.wait_for(socket.recv(), PATIENCE))
            return False

        await until(refused, "the end of the key")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example"])
def test_a_foreign_page_gets_nothing_back_and_no_cookie_helps_it(managed: Gateway, origin: str) -> None:
    """Attack 19: nothing that a browser sends by itself proves anybody."""
    cookies = {"cookie": f"token={managed.token}; session={managed.token}; auth={managed.token}", "origin": origin}
    forms = [("application/json", b"{}"), ("text/plain", b"{}"), ("application/x-www-form-urlencoded", b"a=b")]
    for kind, raw in forms:
        told = call(managed, "POST", "/api/proxy/stop", headers={**cookies, "content-type": kind}, raw=raw)
        assert told.status == 401 and "set-cookie" not in told.headers
        assert "access-control-allow-origin" not in told.headers
    assert call(managed, "GET", "/api/proxy/status").json["running"] is True


async def test_secrets_of_accounts_are_for_those_who_may_see_secrets(managed: Gateway, vendor: AccountVendor) -> None:
    """Attacks 21 and 24: whoever may manage accounts still does not walk away with their keys, nor turn them elsewhere."""
    manager = await new_key(managed, permissions=frozenset({Permission.ACCOUNTS_READ, Permission.ACCOUNTS_MANAGE}))
    headers = {"x-admin-token": manager.token}
    paths = ["/api/accounts", "/api/accounts/current", *(f"/api/accounts/{one['id']}" for one in accounts(managed))]
    said = b"".join(call(managed, "GET", path, headers=headers).body for path in paths)
    plain = call(managed, "POST", "/api/accounts/export", {}, headers)
    assert b"sk-managed" not in said + plain.body
    assert call(managed, "POST", "/api/accounts/export", {"secrets": True}, headers).status == 403
    first = accounts(managed)[0]
    with AccountVendor() as trap:
        for fields in ({"baseUrl": trap.url + "/v1"}, {"base_url": trap.url + "/v1"}, {"provider": "trap"}):
            call(managed, "PATCH", f"/api/accounts/{first['id']}", {"name": "x", **fields}, headers)
        renewed = {"provider": "acme", "label": first["email"], "baseUrl": trap.url + "/v1"}
        call(managed, "POST", "/api/accounts", renewed, headers)
        call(managed, "GET", f"/api/accounts/{first['id']}/quota", headers=headers)
        assert not any("sk-managed" in str(entry.headers) for entry in trap.journal), (
            "a stored key goes to its vendor alone"
        )
    assert accounts(managed)[0]["base_url"] == first["base_url"]


async def test_a_client_chooses_no_account_and_sends_none_of_its_headers_on(
    managed: Gateway, vendor: AccountVendor
) -> None:
    """Attack 24: which credential is used is not the client's to say."""
    key = await new_key(managed)
    claims = {
        "x-account-email": "two",
        "x-account-id": accounts(managed)[1]["id"],
        "x-goog-user-project": "somebody-elses",
        "openai-organization": "org-somebody",
        "cookie": "a=b",
    }
    body = {"model": "acme/vendor-large", "messages": [{"role": "user", "content": "who pays for this?"}]}
    told = call(managed, "POST", "/v1/chat/completions", body, {**key.headers, **claims})
    assert told.status == 200 and told.headers["x-account-email"] == "one"
    sent = vendor.journal.last.headers
    assert sent["authorization"] == "Bearer sk-managed-one-0123456789" and key.token not in str(sent)
    assert not {"x-account-email", "x-account-id", "x-goog-user-project", "cookie"} & sent.keys()


def test_fields_that_only_the_gateway_fills_do_nothing(managed: Gateway, vendor: AccountVendor) -> None:
    """Attack 25: an order of an account names no id of another, no state and no history."""
    first = accounts(managed)[0]
    claims = {
        "id": first["id"],
        "is_current": True,
        "disabled": True,
        "disabled_reason": "claimed",
        "disabled_at": 1,
        "proxy_disabled": True,
        "created_at": 1,
        "last_used": 1,
        "protected_models": ["*"],
        "quota": {"models": [], "is_forbidden": True},
        "device_bound": True,
        "position": -5,
        "secret": "sk-other-0123456789",
    }
    key = vendor.open("sk-claimed-0123456789")
    body = {"provider": "acme", "apiKey": key.secret, "baseUrl": vendor.url + "/v1", "label": "claimed", **claims}
    made = call(managed, "POST", "/api/accounts", body)
    assert made.status in (200, 400, 422), made.body
    if made.status == 200:
        told = made.json
        assert told["id"] != first["id"] and not told["is_current"] and not told["disabled"]
        assert told["disabled_reason"] is None and told["protected_models"] == [] and told["last_used"] != 1
    changed = call(managed, "PATCH", f"/api/accounts/{first['id']}", claims)
    assert changed.status in (200, 400, 422)
    now = next(one for one in accounts(managed) if one["id"] == first["id"])
    assert now["last_used"] != claims["last_used"], "other requests may have used it meanwhile"
    assert {**now, "last_used": 0} == {**first, "last_used": 0}
    for one in accounts(managed):
        if one["email"] == "claimed":
            assert call(managed, "DELETE", f"/api/accounts/{one['id']}").status == 204


def test_the_worst_of_mappings_holds_nobody_up(managed: Gateway) -> None:
    """Attack 26: patterns like those that bring regular expressions to their knees, saved and used."""
    evil = {f"{'*a' * 60}*{number}": "acme/vendor-large" for number in range(900)}
    evil |= {"(a+)+$": "acme/vendor-large", "*" * 200 + "b": "acme/vendor-large"}
    assert call(managed, "POST", "/api/proxy/mapping", {"custom_mapping": evil}).status == 200
    try:
        body = {"model": "a" * 256, "messages": [{"role": "user", "content": "hi"}]}
        began = managed.worked()
        for _ in range(5):
            told = call(managed, "POST", "/v1/chat/completions", body, managed.headers)
            assert told.status == 404
        assert (managed.worked() - began) / 5 < 0.5
    finally:
        assert call(managed, "POST", "/api/proxy/mapping", {"custom_mapping": {}}).status == 200


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "%00",
        "' OR 1=1 --",
        "9" * 400,
        base64.urlsafe_b64encode(b"0:0").decode(),
        base64.urlsafe_b64encode(b"1e309:x").decode(),
        base64.urlsafe_b64encode(b"nan:x").decode(),
        base64.urlsafe_b64encode(b"0' OR '1'='1").decode(),
        base64.urlsafe_b64encode(b'[1e999,"x"]').decode(),
        base64.urlsafe_b64encode(b"\xff\xfe\x00").decode(),
        "A" * 5000,
    ],
)
async def test_a_cursor_that_was_tampered_with_shows_nothing_of_others(managed: Gateway, cursor: str) -> None:
    """Attack 26."""
    body = {"model": "acme/vendor-large", "messages": [{"role": "user", "content": "somebody else's words"}]}
    assert call(managed, "POST", "/v1/chat/completions", body, managed.headers).status == 200
    mine = await new_key(managed, permissions=frozenset({Permission.MODELS_USE, Permission.USAGE_OWN}))
    url = httpx.URL("/api/logs", params={"cursor": cursor, "envelope": "1"})
    told = call(managed, "GET", str(url), headers={"x-api-key": mine.token})
    assert told.status in (200, 400, 414), told
    if told.status == 200:
        assert told.json["logs"] == []


@pytest.mark.parametrize("text", ["%" * 400, "_%" * 200, "%a%b%c%d" * 60, "\\%" * 200])
def test_a_filter_full_of_wildcards_costs_no_time(managed: Gateway, text: str) -> None:
    """Attack 26: `LIKE` with many wildcards takes for ever where they are not taken literally."""
    body = {"model": "a" * 200, "messages": [{"role": "user", "content": "hi"}]}
    for _ in range(5):
        call(managed, "POST", "/v1/chat/completions", body, managed.headers)
    began = managed.worked()
    told = call(managed, "GET", str(httpx.URL("/api/logs", params={"filter": text})))
    assert told.status == 200 and told.json == [] and managed.worked() - began < 1


FORMULA = '=HYPERLINK("http://evil.example","x")'


async def test_no_column_of_an_export_is_run_by_a_spreadsheet(managed: Gateway, vendor: AccountVendor) -> None:
    """Attack 26: whatever a client, an operator or a vendor may have named."""
    key = vendor.open("sk-formula-0123456789")
    body = {"provider": "formula", "apiKey": key.secret, "baseUrl": vendor.url + "/v1", "label": FORMULA}
    made = call(managed, "POST", "/api/accounts", body)
    assert made.status == 200
    named = call(managed, "POST", "/api/keys", {"name": "=1+1", "owner": "@SUM(A1)"})
    assert named.status == 201
    headers = {"authorization": f"Bearer {named.json['key']}", "user-agent": "=cmd|' /C calc'!A0"}
    asked = {"model": "formula/vendor-large", "messages": [{"role": "user", "content": "hi"}], "user": "+1"}
    assert call(managed, "POST", "/v1/chat/completions", asked, headers).status == 200

    def exported() -> list[dict[str, str]]:
        text = call(managed, "GET", "/api/logs/export").body.decode()
        return [row for row in csv.DictReader(io.StringIO(text)) if row["key_id"] == named.json["id"]]

    (row,) = eventually(exported, "the request to be logged")
    assert row["account_email"] == "'" + FORMULA and row["username"] == "'=1+1" and row["owner"] == "'@SUM(A1)"
    assert row["user_agent"].startswith("'=")
    assert not [cell for cell in row.values() if cell.lstrip(" ")[:1] in tuple("=+-@\t\r")]
    call(managed, "DELETE", f"/api/accounts/{made.json['id']}")


async def test_two_tenants_with_one_session_id_share_no_conversation(managed: Gateway) -> None:
    """Attack 35: what a client calls its conversation is its own; it leads to nothing of somebody else's."""
    first, second = await new_key(managed), await new_key(managed)
    body = {
        "model": "acme/vendor-large",
        "messages": [{"role": "user", "content": "the same words"}],
        "prompt_cache_key": "shared",
    }

    def asked(key: Key) -> str:
        told = call(managed, "POST", "/v1/chat/completions", body, {**key.headers, "x-session-id": "shared"})
        assert told.status == 200
        return told.headers["x-account-email"]

    one = next(each["id"] for each in accounts(managed) if each["email"] == "one")
    assert asked(first) == "one"
    call(managed, "POST", f"/api/accounts/{one}/toggle-proxy", {"enable": False})
    try:
        assert asked(second) == "two"
    finally:
        call(managed, "POST", f"/api/accounts/{one}/toggle-proxy", {"enable": True})
    assert asked(second) == "two" and asked(first) == "one", "each stays with the account of its own conversation"
