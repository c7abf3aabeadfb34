"""The pool through a running server: a storm, a restart, two processes, and who may touch what."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from tests.api.opsclaw.client import call, chat
from tests.support.server import Gateway, running_gateway, settings
from tests.support.services import postgres_url  # noqa: F401
from tests.support.upstreams.accounts import AccountVendor
from tests.support.waiting import eventually

QUICK = {"attempts": 3, "baseSeconds": 0.01, "budgetSeconds": 5}
DIALECTS = {"chat": ("acme", "/v1"), "anthropic": ("anthropic", ""), "gemini": ("google", "/v1beta")}


def add(gateway: Gateway, vendor: AccountVendor, secret: str, provider: str = "acme", **fields: Any) -> dict[str, Any]:
    vendor.open(
        secret, **{name: fields.pop(name) for name in ("requests", "window", "tell", "daily") if name in fields}
    )
    base = {"anthropic": "", "google": "/v1beta"}.get(provider, "/v1")
    body = {"provider": provider, "apiKey": secret, "baseUrl": vendor.url + base, **fields}
    answer = call(gateway, "POST", "/api/accounts", body)
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.json
    return found


def listed(gateway: Gateway) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = call(gateway, "GET", "/api/accounts").json["accounts"]
    return found


async def many(gateway: Gateway, count: int, model: str, stream: bool) -> list[tuple[int, str]]:
    """That many requests at once: status and account of each."""
    connector = aiohttp.TCPConnector(limit=100)
    async with aiohttp.ClientSession(connector=connector, headers=gateway.headers) as session:

        async def one(number: int) -> tuple[int, str]:
            message = {"role": "user", "content": f"this is conversation number {number}"}
            body = {"model": model, "messages": [message], "stream": stream and number % 2 == 0}
            async with session.post(gateway.base_url + "/v1/chat/completions", json=body) as answer:
                text = await answer.text()
                assert answer.status != 200 or "Hello" in text or "hello" in text, text[:300]
                return answer.status, answer.headers.get("x-account-email", "")

        return await asyncio.gather(*(one(number) for number in range(count)))


@pytest.mark.parametrize("mode", ["Balance", "PerformanceFirst", "CacheFirst"])
async def test_a_storm_over_ten_accounts_loses_nothing(mode: str, vendor: AccountVendor) -> None:
    """Ten accounts: one revoked, one forbidden, two out of requests soon, two that fail now and then, four that are well."""
    config = settings({}, retry=QUICK, accounts={"mode": mode, "maxWaitSeconds": 1, "refreshMinutes": 0})
    with running_gateway(config) as gateway:
        for number in range(10):
            limit: dict[str, Any] = {"requests": 15} if number in (2, 3) else {}
            add(gateway, vendor, f"sk-storm-{mode}-{number:02d}", label=f"account-{number}", **limit)
        vendor.key(f"sk-storm-{mode}-00").revoked = True
        vendor.key(f"sk-storm-{mode}-01").forbidden = True
        vendor.key(f"sk-storm-{mode}-04").failing = [500, 503, 529] * 3
        vendor.key(f"sk-storm-{mode}-05").failing = [429, 502]
        answers = await many(gateway, 400, "acme/vendor-large", stream=True)
        assert Counter(status for status, _ in answers) == {200: 400}
        served = Counter(label for _, label in answers)
        assert not {"account-0", "account-1"} & served.keys()
        assert served["account-2"] <= 15 and served["account-3"] <= 15
        assert vendor.asked_with(f"sk-storm-{mode}-00") < 150, "a refused credential is not asked for ever"
        if mode == "PerformanceFirst":
            healthy = [served[f"account-{number}"] for number in (6, 7, 8, 9)]
            assert min(healthy) > 40 and max(healthy) < 2 * min(healthy)


async def test_every_dialect_fails_over(vendor: AccountVendor) -> None:
    with running_gateway(settings({}, retry=QUICK, accounts={"refreshMinutes": 0})) as gateway:
        for dialect, (provider, _) in DIALECTS.items():
            for name in ("one", "two"):
                limit = {"requests": 1, "tell": "body"} if name == "one" else {}
                add(gateway, vendor, f"sk-{dialect}-{name}-0123456789", provider, label=f"{dialect}-{name}", **limit)
        bearer = {"authorization": f"Bearer {gateway.token}"}
        text = "please say hello to everybody"
        messages = [{"role": "user", "content": text}]
        requests = {
            "chat": ("/v1/chat/completions", {"model": "acme/vendor-large", "messages": messages}),
            "anthropic": ("/v1/messages", {"model": "anthropic/vendor-large", "max_tokens": 9, "messages": messages}),
            "gemini": (
                "/v1beta/models/google/vendor-large:generateContent",
                {"contents": [{"role": "user", "parts": [{"text": text}]}]},
            ),
        }
        for dialect, (path, body) in requests.items():
            answers = [call(gateway, "POST", path, body, bearer) for _ in range(3)]
            assert [answer.status for answer in answers] == [200] * 3, answers[1].body
            names = [answer.headers["x-account-email"] for answer in answers]
            assert names == [f"{dialect}-one", f"{dialect}-two", f"{dialect}-two"]
        reasons = {one["email"]: [lock["reason"] for lock in one["rate_limits"]] for one in listed(gateway)}
        assert reasons == {
            **{f"{dialect}-one": ["rate_limit"] for dialect in DIALECTS},
            **{f"{dialect}-two": [] for dialect in DIALECTS},
        }


def test_a_restart_keeps_accounts_locks_and_choices(vendor: AccountVendor, tmp_path: Path) -> None:
    config = settings({}, retry=QUICK, accounts={"refreshMinutes": 0})
    with running_gateway(config, home=tmp_path) as gateway:
        a = add(gateway, vendor, "sk-restart-aaaaaaaa", label="a", requests=1)
        b = add(gateway, vendor, "sk-restart-bbbbbbbb", label="b")
        c = add(gateway, vendor, "sk-restart-cccccccc", label="c")
        call(gateway, "POST", f"/api/accounts/{b['id']}/toggle-proxy", {"enable": False, "reason": "kept"})
        call(gateway, "POST", "/api/proxy/preferred-account", {"accountId": a["id"]})
        call(gateway, "POST", "/api/accounts/switch", {"accountId": c["id"]})
        assert chat(gateway, "acme/vendor-large").headers["x-account-email"] == "a"
        assert chat(gateway, "acme/vendor-large").headers["x-account-email"] == "c"
        gateway.stop()
        before = vendor.asked_with("sk-restart-aaaaaaaa")
        gateway.start()
        found = {one["email"]: one for one in listed(gateway)}
        assert [lock["reason"] for lock in found["a"]["rate_limits"]] == ["rate_limit"]
        assert found["b"]["proxy_disabled_reason"] == "kept" and found["c"]["is_current"] and found["a"]["is_preferred"]
        assert found["a"]["quota"]["models"] and found["a"]["last_used"] >= found["a"]["created_at"]
        assert chat(gateway, "acme/vendor-large").headers["x-account-email"] == "c"
        assert vendor.asked_with("sk-restart-aaaaaaaa") == before
        gateway.kill()
        gateway.start()
        assert chat(gateway, "acme/vendor-large").headers["x-account-email"] == "c"
        assert vendor.asked_with("sk-restart-aaaaaaaa") == before


@pytest.fixture(params=["bus", "table"])
def pair(
    request: pytest.FixtureRequest,
    shared_redis: dict[str, str],
    postgres_url: str,  # noqa: F811
) -> Iterator[list[Gateway]]:
    """Two processes on one PostgreSQL, with Redis between them or without."""
    shared = {"CRAWDAD_DATABASE_URL": postgres_url, "CRAWDAD_SECRET_KEY": "a shared passphrase of some length"}
    if request.param == "bus":
        shared |= shared_redis
    config = settings({}, retry=QUICK, accounts={"refreshMinutes": 0})
    with ExitStack() as stack:
        yield [stack.enter_context(running_gateway(config, shared)) for _ in range(2)]


@pytest.mark.postgres
@pytest.mark.redis
def test_two_processes_see_each_others_pauses_and_locks(pair: list[Gateway], vendor: AccountVendor) -> None:
    first, second = pair
    call(first, "POST", "/api/accounts/bulk-delete", {"accountIds": [one["id"] for one in listed(first)]})
    secret = f"sk-pair-a-{time.monotonic_ns()}"
    a = add(first, vendor, secret, label="a")
    add(first, vendor, f"sk-pair-b-{time.monotonic_ns()}", label="b")
    eventually(lambda: chat(second, "acme/vendor-small").status == 200)
    toggle = f"/api/accounts/{a['id']}/toggle-proxy"
    call(first, "POST", toggle, {"enable": False})
    eventually(lambda: chat(second, "acme/vendor-small", unique()).headers.get("x-account-email") == "b")
    call(second, "POST", toggle, {"enable": True})
    eventually(lambda: chat(first, "acme/vendor-small", unique()).headers.get("x-account-email") == "a")
    vendor.key(secret).requests = 1
    assert chat(first, "acme/vendor-large", unique()).headers["x-account-email"] == "a"
    assert chat(first, "acme/vendor-large", unique()).headers["x-account-email"] == "b"
    eventually(lambda: bool(rests(second, "a")))
    asked = len([entry for entry in vendor.journal if entry.method == "POST"])
    assert chat(second, "acme/vendor-large", unique()).headers["x-account-email"] == "b"
    assert len([entry for entry in vendor.journal if entry.method == "POST"]) == asked + 1, (
        "the locked one was not asked"
    )
    call(second, "DELETE", "/api/proxy/rate-limits")
    eventually(lambda: not rests(first, "a"))
    call(first, "DELETE", f"/api/accounts/{a['id']}")
    eventually(lambda: chat(second, "acme/vendor-small", unique()).headers.get("x-account-email") == "b")


def rests(gateway: Gateway, label: str) -> list[Any]:
    found: list[Any] = next(one["rate_limits"] for one in listed(gateway) if one["email"] == label)
    return found


def unique() -> str:
    return f"a conversation that is like no other: {time.monotonic_ns()}"


def test_keys_for_models_alone_see_no_account(gateway: Gateway, vendor: AccountVendor) -> None:
    """Attack cases 21 and 24: ids open nothing, and no request names whose credential is used."""
    made = add(gateway, vendor, "sk-tenant-aaaaaaaaaa", label="a")
    other = add(gateway, vendor, "sk-tenant-bbbbbbbbbb", label="b")
    key = orjson.loads(gateway.run("--json", "keys", "create", "app"))["key"]
    bearer = {"authorization": f"Bearer {key}"}
    eventually(lambda: call(gateway, "GET", "/v1/models", headers=bearer).status == 200)
    for method, path in (
        ("GET", "/api/accounts"),
        ("GET", f"/api/accounts/{made['id']}"),
        ("GET", f"/api/accounts/{made['id']}/quota"),
        ("POST", f"/api/accounts/{made['id']}/toggle-proxy"),
        ("DELETE", f"/api/accounts/{made['id']}"),
        ("POST", "/api/accounts/export"),
    ):
        assert call(gateway, method, path, {} if method == "POST" else None, bearer).status == 401, path
    headers = {**bearer, "x-account-email": "b", "x-account-id": other["id"], "x-api-account": other["id"]}
    body = {
        "model": "acme/vendor-large",
        "messages": [{"role": "user", "content": "whose credential will be used for this"}],
        "account": other["id"],
        "account_id": other["id"],
    }
    answer = call(gateway, "POST", "/v1/chat/completions", body, headers)
    assert answer.status == 200 and answer.headers["x-account-email"] == "a"
    assert len(listed(gateway)) == 2


def test_what_an_account_is_called_can_be_kept_from_clients(vendor: AccountVendor) -> None:
    config = settings({}, retry=QUICK, accounts={"labelHeader": False, "refreshMinutes": 0})
    with running_gateway(config) as gateway:
        add(gateway, vendor, "sk-quiet-aaaaaaaaaa", label="secret-label@example.org")
        answer = chat(gateway, "acme/vendor-large")
        assert answer.status == 200 and "x-account-email" not in answer.headers
        assert answer.headers["x-mapped-model"] == "vendor-large"


def test_stored_accounts_take_the_place_of_the_configured_key(vendor: AccountVendor) -> None:
    vendor.open("sk-configured-aaaaaa")
    provider = {"baseUrl": vendor.url + "/v1", "apiKey": "sk-configured-aaaaaa", "api": "openai-completions"}
    with running_gateway(settings({"acme": provider}, retry=QUICK, accounts={"refreshMinutes": 0})) as gateway:
        assert "x-account-email" not in chat(gateway, "acme/vendor-large").headers
        made = add(gateway, vendor, "sk-stored-aaaaaaaaaa", label="stored")
        assert chat(gateway, "acme/vendor-large").headers["x-account-email"] == "stored"
        call(gateway, "POST", f"/api/accounts/{made['id']}/toggle-proxy", {"enable": False})
        assert chat(gateway, "acme/vendor-large").status == 503, "paused is paused"
        call(gateway, "DELETE", f"/api/accounts/{made['id']}")
        assert chat(gateway, "acme/vendor-large").status == 200
