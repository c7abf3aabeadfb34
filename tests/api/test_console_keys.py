"""`/api/keys` over a running server: making, telling, changing and ending keys; nobody gets more than he has (attacks 15, 21, 25)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from crawdad.core.identity import Permission
from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE, eventually

Json = dict[str, Any]
MANAGER = ["models.use", "keys.manage"]


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with running_gateway(settings({})) as running:
        yield running


@pytest.fixture
def admin(gateway: Gateway) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=gateway.base_url, headers=gateway.headers, timeout=PATIENCE) as client:
        yield client


@contextmanager
def client_of(gateway: Gateway, key: Json) -> Iterator[httpx.Client]:
    """A client with that key, once the gateway knows it."""
    headers = {"authorization": f"Bearer {key['key']}"}
    with httpx.Client(base_url=gateway.base_url, headers=headers, timeout=PATIENCE) as client:
        eventually(lambda: client.get("/v1/models").status_code != 401, "the key to be known")
        yield client


def made(client: httpx.Client, **fields: Any) -> Json:
    answer = client.post("/api/keys", json={"name": "a key", **fields})
    assert answer.status_code == 201, answer.text
    found: Json = answer.json()
    return found


def unused(client: httpx.Client) -> list[Json]:
    """The keys without when they were last used: that is written down some time after the use."""
    return [{**key, "last_used_at": None} for key in client.get("/api/keys").json()["keys"]]


def refused(answer: httpx.Response, *statuses: int) -> Json:
    assert answer.status_code in statuses, (answer.status_code, answer.text)
    body: Json = answer.json()
    assert isinstance(body["error"], str) and body["error"]
    return body


def test_a_key_is_made_told_changed_and_ended(admin: httpx.Client, gateway: Gateway) -> None:
    wanted = {
        "name": "手提电脑",
        "owner": "li.na",
        "models": ["crawdad/*"],
        "providers": ["crawdad"],
        "protocols": ["openai-chat", "gemini"],
        "networks": ["127.0.0.1", "10.1.2.3/8", "2001:db8::/32"],
        "budgets": [{"unit": "usd", "period": "day", "limit": 5}, "2M tokens/month", "60 requests/minute"],
        "requests_per_minute": 30,
        "expires_at": time.time() + 3600,
    }
    key = made(admin, **wanted)
    token = key.pop("key")
    assert key["networks"] == ["127.0.0.1/32", "10.0.0.0/8", "2001:db8::/32"]
    budgets = {(b["unit"], b["period"]): b for b in key["budgets"]}
    assert budgets["usd", "day"]["left"] == 5 and budgets["usd", "day"]["used"] == 0
    assert budgets["usd", "day"]["resets_at"] > time.time()
    assert budgets["tokens", "month"]["limit"] == 2_000_000
    assert (
        budgets["requests", "minute"] | {"limit": 30.0, "used": 0, "left": 30.0, "resets_at": None}
        == budgets["requests", "minute"]
    )
    assert {name: key[name] for name in ("name", "owner", "models", "providers", "protocols")} == {
        name: wanted[name] for name in ("name", "owner", "models", "providers", "protocols")
    }
    assert token not in admin.get("/api/keys").text and "hash" not in key
    assert admin.get(f"/api/keys/{key['id']}").json() == key
    changed = admin.patch(f"/api/keys/{key['id']}", json={"owner": "wang", "budgets": ["1usd/day"], "expires_at": None})
    assert changed.status_code == 200
    body = changed.json()
    assert body["owner"] == "wang" and body["expires_at"] is None and body["models"] == ["crawdad/*"]
    assert [(b["unit"], b["limit"]) for b in body["budgets"]] == [("usd", 1.0), ("requests", 30.0)]
    with client_of(gateway, {"key": token}) as client:
        assert client.get("/v1/models").status_code == 200
        ended = admin.delete(f"/api/keys/{key['id']}")
        assert ended.status_code == 204 and not ended.content
        eventually(lambda: client.get("/v1/models").status_code == 401, "the key to end")
    refused(admin.get(f"/api/keys/{key['id']}"), 404)
    refused(admin.delete(f"/api/keys/{key['id']}"), 404)
    listed = {one["id"] for one in admin.get("/api/keys").json()["keys"]}
    revoked = {one["id"] for one in admin.get("/api/keys?revoked=true").json()["keys"]}
    assert key["id"] not in listed and key["id"] in revoked


def test_what_is_used_is_told(admin: httpx.Client, gateway: Gateway) -> None:
    minutes = ["60 requests/minute", "100000 tokens/minute"]
    key = made(admin, budgets=["3 requests/day", "1000000 tokens", *minutes])
    with client_of(gateway, key) as client:
        for _ in range(2):
            body = {"model": "crawdad/demo", "messages": [{"role": "user", "content": "hi"}]}
            assert client.post("/v1/chat/completions", json=body).status_code == 200

    def spent() -> bool:
        budgets = admin.get(f"/api/keys/{key['id']}").json()["budgets"]
        return bool(budgets[0]["used"] == 2 and budgets[0]["left"] == 1 and budgets[1]["used"] > 0)

    def counted() -> bool:
        budgets = {(b["unit"], b["period"]): b for b in admin.get(f"/api/keys/{key['id']}").json()["budgets"]}
        requests, tokens = budgets["requests", "minute"], budgets["tokens", "minute"]
        assert (
            requests["used"] == 2 and requests["left"] == 58 and requests["resets_at"] <= time.time() + 61
        )  # whole seconds
        used, total = tokens["used"], budgets["tokens", "total"]["used"]
        return bool(tokens["reserved"] == 0 and used == total and tokens["left"] == 100_000 - used)

    eventually(counted, "the minutes to be corrected")  # the test takes much less than a minute
    eventually(spent, "the requests to be settled")
    # A minute goes by itself, and other tests compare lists of keys.
    assert admin.delete(f"/api/keys/{key['id']}").is_success


@pytest.mark.parametrize(
    "fields",
    [
        {"hash": "x"},
        {"id": "key_mine"},
        {"kind": "admin"},
        {"parent_id": None},
        {"created_at": 1},
        {"revoked_at": None},
        {"key": "my-own-token"},
        {"token": "my-own-token"},
        {"role": "admin"},
        {"budget": 5},
        {"__proto__": {}},
        {"limits": {"within": []}},
        {"permissions": ["everything"]},
        {"permissions": "*"},
        {"permissions": {"models.use": True}},
        {"budgets": [{"unit": "usd", "period": "day", "limit": 1, "subject": "key:other"}]},
        {"budgets": [{"unit": "usd", "period": "day", "limit": 1, "used": -100}]},
        {"budgets": [{"unit": "eur", "period": "day", "limit": 1}]},
        {"budgets": [{"unit": "usd", "period": "day", "limit": -1}]},
        {"budgets": [{"unit": "usd", "period": "day", "limit": 0}]},
        {"budgets": [{"unit": "usd", "period": "day", "limit": "5"}]},
        {"budgets": [{"unit": "tokens", "period": "day", "limit": 1.5}]},
        {"budgets": [{"unit": "usd", "period": "day", "limit": 1e300}]},
        {"budgets": ["5usd/day", "6usd/day"]},
        {"budgets": ["-5usd/day"]},
        {"budgets": ["5usd/day"] * 40},
        {"budgets": 5},
        {"requests_per_minute": 0},
        {"requests_per_minute": -1},
        {"requests_per_minute": 1.5},
        {"requests_per_minute": True},
        {"tokens_per_minute": 2**60},
        {"models": "gpt-5"},
        {"models": [""]},
        {"models": ["x" * 257]},
        {"models": ["a\u202eb"]},
        {"models": ["a\x00b"]},
        {"models": ["m"] * 5000},
        {"models": [f"m{number}" for number in range(201)]},
        {"models": [None]},
        {"providers": [{"id": "x"}]},
        {"protocols": ["smtp"]},
        {"protocols": ["ollama"]},
        {"networks": ["10.0.0.0/33"]},
        {"networks": ["example.org"]},
        {"networks": ["10.0.0.0/8; drop table"]},
        {"networks": ["::1/129"]},
        {"networks": ["0x7f.1"]},
        {"expires_at": "tomorrow"},
        {"expires_at": -1},
        {"expires_at": 1e300},
        {"name": ""},
        {"name": "  "},
        {"name": "x" * 101},
        {"name": "a\nb"},
        {"name": "\u202egnirts"},
        {"name": None},
        {"name": 5},
        {"owner": "a\x00b"},
        {"owner": "x" * 101},
    ],
    ids=str,
)
def test_what_no_key_can_be_is_refused(admin: httpx.Client, fields: Json) -> None:
    """Attack 25, and bad input: unknown and privileged fields, hostile names, amounts that are none. Nothing is half made."""
    before = admin.get("/api/keys").json()
    refused(admin.post("/api/keys", json={"name": "bad", **fields}), 400, 422)
    key = next(iter(before["keys"]), None) or made(admin)
    before = unused(admin)
    refused(admin.patch(f"/api/keys/{key['id']}", json=fields), 400, 422)
    assert unused(admin) == before


@pytest.mark.parametrize("raw", [b"", b"[]", b"null", b'"x"', b"{", b'{"name":NaN}', b'{"name":"x","budgets":[{"unit":"usd","period":"day","limit":NaN}]}', b'{"name":"x","expires_at":Infinity}'])  # fmt: skip
def test_bodies_that_are_none_are_refused(admin: httpx.Client, raw: bytes) -> None:
    answer = admin.post("/api/keys", content=raw, headers={"content-type": "application/json"})
    refused(answer, 400, 422)


@pytest.mark.parametrize("name", ["key_unknown", "x" * 5000, "%00", "..%2f..", "' OR '1'='1", "*", "键"])
def test_unknown_ids_are_404(admin: httpx.Client, name: str) -> None:
    for method in ("GET", "PATCH", "DELETE"):
        body = {"json": {"owner": "x"}} if method == "PATCH" else {}
        refused(admin.request(method, f"/api/keys/{name}", **body), 404)  # type: ignore[arg-type]


def test_it_needs_the_right(admin: httpx.Client, gateway: Gateway) -> None:
    """Attack 18: a key for models is nobody here; one that administers other things may not."""
    plain, watcher = made(admin), made(admin, permissions=["models.use", "logs.read"])
    for key, status in ((plain, 401), (watcher, 403)):
        with client_of(gateway, key) as client:
            for method, path in (("GET", "/api/keys"), ("POST", "/api/keys"), ("GET", f"/api/keys/{plain['id']}"),
                                 ("PATCH", f"/api/keys/{plain['id']}"), ("DELETE", f"/api/keys/{plain['id']}")):  # fmt: skip
                json = {"json": {"name": "x"}} if method in ("POST", "PATCH") else {}
                refused(client.request(method, path, **json), status)  # type: ignore[arg-type]
    refused(httpx.get(gateway.base_url + "/api/keys", timeout=PATIENCE), 401)


@pytest.fixture(scope="module")
def maker(gateway: Gateway) -> Iterator[tuple[httpx.Client, Json]]:
    """A key that may manage keys, within bounds."""
    with httpx.Client(base_url=gateway.base_url, headers=gateway.headers, timeout=PATIENCE) as admin:
        key = made(
            admin,
            name="maker",
            owner="li.na",
            permissions=MANAGER,
            models=["crawdad/*", "openai/gpt-5*"],
            providers=["crawdad", "openai"],
            protocols=["openai-chat", "gemini"],
            networks=["127.0.0.0/8", "10.0.0.0/8"],
            budgets=["5usd/day", "100 requests/day"],
            requests_per_minute=60,
            expires_at=time.time() + 7200,
        )
    with client_of(gateway, key) as client:
        yield client, key


@pytest.mark.parametrize(
    "fields",
    [
        {"permissions": ["models.use", "secrets.read"]},
        {"permissions": [permission.value for permission in Permission]},
        {"models": ["*"]},
        {"models": ["openai/*"]},
        {"models": ["crawdad/demo", "anthropic/claude-opus-5-5"]},
        {"models": ["openai/gpt-*"]},
        {"providers": ["crawdad", "anthropic"]},
        {"providers": ["*"]},
        {"protocols": ["anthropic-messages"]},
        {"networks": ["0.0.0.0/0"]},
        {"networks": ["10.0.0.0/7"]},
        {"networks": ["::/0"]},
        {"budgets": ["6usd/day"]},
        {"budgets": ["101 requests/day"]},
        {"budgets": ["61 requests/minute"]},
        {"requests_per_minute": 61},
        {"expires_at": 4_000_000_000.0},
        {"owner": "somebody else"},
    ],
    ids=str,
)
def test_a_key_makes_none_that_holds_more(maker: tuple[httpx.Client, Json], fields: Json) -> None:
    """Attack 15: neither when it is made nor when it is changed."""
    client, _ = maker
    refused(client.post("/api/keys", json={"name": "child", **fields}), 403)
    child = made(client, name="child")
    refused(client.patch(f"/api/keys/{child['id']}", json=fields), 403)
    assert client.delete(f"/api/keys/{child['id']}").status_code == 204


def test_a_child_has_what_its_maker_has_and_spends_it(maker: tuple[httpx.Client, Json], gateway: Gateway) -> None:
    """Attack 15: what is left open is inherited; the maker's budgets are spent too; `null` takes no limit off."""
    client, parent = maker
    child = made(client, name="child", models=["crawdad/demo"], budgets=["1usd/day"])
    assert child["parent_id"] == parent["id"] and child["owner"] == "li.na"
    assert child["providers"] == parent["providers"] and child["networks"] == parent["networks"]
    assert child["expires_at"] == pytest.approx(parent["expires_at"])
    assert {(b["key_id"], b["unit"], b["limit"]) for b in child["budgets"]} == {
        (child["id"], "usd", 1.0),
        (parent["id"], "usd", 5.0),
        (parent["id"], "requests", 100.0),
        (parent["id"], "requests", 60.0),
    }
    empty = dict.fromkeys(("models", "providers", "protocols", "networks", "expires_at"))
    freed = client.patch(f"/api/keys/{child['id']}", json=empty).json()
    assert freed["models"] == parent["models"] and freed["networks"] == parent["networks"]
    assert freed["expires_at"] == pytest.approx(parent["expires_at"])
    with client_of(gateway, child) as user:
        body = {"model": "crawdad/demo", "messages": [{"role": "user", "content": "hi"}]}
        assert user.post("/v1/chat/completions", json=body).status_code == 200
        assert user.post("/v1/messages", json={**body, "max_tokens": 9}).status_code == 403

    def both_paid() -> bool:
        own = client.get(f"/api/keys/{parent['id']}").json()["budgets"]
        return any(b["used"] >= 1 for b in own if (b["unit"], b["period"]) == ("requests", "day"))

    eventually(both_paid, "the parent's budget to be spent")


def test_a_parent_that_is_narrowed_or_ended_takes_its_children_along(admin: httpx.Client, gateway: Gateway) -> None:
    """Attack 15: limits hold for those that exist already; the end of a key is the end of its descendants."""
    parent = made(admin, permissions=MANAGER)
    with client_of(gateway, parent) as client:
        child = made(client, permissions=MANAGER)
    with client_of(gateway, child) as client:
        grandchild = made(client)
    with client_of(gateway, grandchild) as user:
        body = {"model": "crawdad/demo", "messages": [{"role": "user", "content": "hi"}]}
        assert user.post("/v1/chat/completions", json=body).status_code == 200
        assert admin.patch(f"/api/keys/{parent['id']}", json={"models": ["openai/*"]}).status_code == 200
        eventually(lambda: user.post("/v1/chat/completions", json=body).status_code == 403, "the limit to hold")
        assert user.get("/v1/models").json()["data"] == []
        assert admin.delete(f"/api/keys/{parent['id']}").status_code == 204
        eventually(lambda: user.get("/v1/models").status_code == 401, "the descendants to end")
    known = {one["id"]: one for one in admin.get("/api/keys?revoked=true").json()["keys"]}
    assert all(known[one["id"]]["revoked_at"] for one in (parent, child, grandchild))


def test_a_key_sees_and_changes_its_own_descendants_alone(
    admin: httpx.Client, maker: tuple[httpx.Client, Json]
) -> None:
    """Attack 21: other people's keys are not there, by id or by name; its own it may read and not change."""
    client, own = maker
    other = made(admin, name="of somebody else")
    mine = made(client, name="mine")
    listed = {one["id"] for one in client.get("/api/keys").json()["keys"]}
    assert {own["id"], mine["id"]} <= listed and other["id"] not in listed
    for name in (other["id"], other["name"], "first-run"):
        refused(client.get(f"/api/keys/{name}"), 404)
        refused(client.patch(f"/api/keys/{name}", json={"owner": "li.na"}), 404)
        refused(client.delete(f"/api/keys/{name}"), 404)
    refused(client.patch(f"/api/keys/{own['id']}", json={"budgets": []}), 403)
    assert admin.get(f"/api/keys/{own['id']}").json()["budgets"] != []


def test_a_line_of_keys_ends(admin: httpx.Client, gateway: Gateway) -> None:
    key = made(admin, permissions=MANAGER)
    for _ in range(4):
        with client_of(gateway, key) as client:
            key = made(client, permissions=MANAGER)
    with client_of(gateway, key) as client:
        refused(client.post("/api/keys", json={"name": "too deep"}), 403)


@pytest.mark.parametrize("header", ["x-admin-token", "authorization", "x-api-key", "x-goog-api-key"])
def test_every_credential_header_leads_to_the_same_check(
    gateway: Gateway, maker: tuple[httpx.Client, Json], header: str
) -> None:
    """Attack 11."""
    _, key = maker
    for token, status in ((gateway.token, 201), (key["key"], 403), ("wrong-token", 401)):
        value = f"Bearer {token}" if header == "authorization" else token
        answer = httpx.post(
            gateway.base_url + "/api/keys",
            json={"name": "x", "models": ["*"]},
            headers={header: value},
            timeout=PATIENCE,
        )
        assert answer.status_code == status, answer.text
