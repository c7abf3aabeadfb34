"""The account routes, written from the contract's documents, over a running server."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import pytest

from tests.api.opsclaw.client import Answer, call, chat
from tests.support.server import Gateway, running_gateway, settings
from tests.support.upstreams.accounts import AccountVendor

_numbers = itertools.count(1)
DOCUMENTED = {
    *("id", "email", "name", "is_current", "disabled", "disabled_reason", "disabled_at", "proxy_disabled"),
    *("proxy_disabled_reason", "proxy_disabled_at", "protected_models", "quota", "device_bound", "last_used"),
}
UNKNOWN = "7c1e0000-0000-4000-8000-000000000000"


def add(gateway: Gateway, vendor: AccountVendor, secret: str | None = None, **fields: Any) -> dict[str, Any]:
    secret = secret or f"sk-vendor-{next(_numbers):04d}-0123456789"
    limits = {name: fields.pop(name) for name in ("requests", "window", "tell", "daily") if name in fields}
    vendor.open(secret, **limits)
    body = {"provider": "acme", "apiKey": secret, "baseUrl": vendor.url + "/v1", **fields}
    answer = call(gateway, "POST", "/api/accounts", body)
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.json
    return {**found, "secret": secret}


def listed(gateway: Gateway) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = call(gateway, "GET", "/api/accounts").json["accounts"]
    return found


def test_without_accounts_the_list_is_empty_and_nobody_is_current(gateway: Gateway) -> None:
    assert call(gateway, "GET", "/api/accounts").json == {"accounts": [], "current_account_id": None}
    current = call(gateway, "GET", "/api/accounts/current")
    assert (current.status, current.body) == (200, b"null")


def test_an_account_is_validated_kept_and_told_without_its_secret(gateway: Gateway, vendor: AccountVendor) -> None:
    made = add(gateway, vendor, label="main@example.org", name="Main")
    assert vendor.journal.last.path == "/v1/models", "one cheap call"
    assert made.keys() >= DOCUMENTED
    assert made["email"] == "main@example.org" and made["name"] == "Main" and made["is_current"]
    assert made["disabled"] is False and made["disabled_reason"] is None and made["protected_models"] == []
    answer = call(gateway, "GET", "/api/accounts")
    assert answer.json["current_account_id"] == made["id"]
    assert made["secret"].encode() not in answer.body
    assert call(gateway, "GET", "/api/accounts/current").json["id"] == made["id"]
    assert made["secret"] not in gateway.log()
    assert made["secret"].encode() not in (gateway.home / "crawdad.db").read_bytes()


def test_a_key_the_vendor_refuses_is_a_400_and_nothing_is_kept(gateway: Gateway, vendor: AccountVendor) -> None:
    body = {"provider": "acme", "apiKey": "sk-nobody-knows-this-one", "baseUrl": vendor.url + "/v1"}
    answer = call(gateway, "POST", "/api/accounts", body)
    assert answer.status == 400 and answer.json["code"] == "credential_refused"
    assert "sk-nobody-knows-this-one" not in answer.body.decode()
    assert listed(gateway) == []


@pytest.mark.parametrize(
    ("name", "base", "provider", "asked"),
    [
        ("openai", "/v1", "openai", "/v1/models"),
        ("openai_api_key", "/v1", "openai", "/v1/models"),
        ("openai_compatible", "/v1", "127.0.0.1", "/v1/models"),
        ("anthropic", "", "anthropic", "/v1/models"),
        ("anthropic_api_key", "", "anthropic", "/v1/models"),
        ("anthropic_compatible", "", "127.0.0.1", "/v1/models"),
        ("gemini_api_key", "/v1beta", "google", "/v1beta/models"),
        ("google", "/v1beta", "google", "/v1beta/models"),
        ("vllm", "/v1", "vllm", "/v1/models"),
    ],
)
def test_every_kind_of_key_is_tried_in_its_vendors_own_way(
    gateway: Gateway, vendor: AccountVendor, name: str, base: str, provider: str, asked: str
) -> None:
    body = {"provider": name, "apiKey": "sk-kinds-nobody-knows-it", "baseUrl": vendor.url + base}
    refused = call(gateway, "POST", "/api/accounts", body)
    assert (refused.status, refused.json["code"]) == (400, "credential_refused") and listed(gateway) == []
    vendor.open("sk-kinds-known-0123456789")
    made = call(gateway, "POST", "/api/accounts", {**body, "apiKey": "sk-kinds-known-0123456789"})
    assert made.status == 200 and (made.json["provider"], made.json["kind"]) == (provider, "api_key")
    assert {entry.path for entry in vendor.journal} == {asked}, "nothing but lists of models"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"refreshToken": 5}, 422),
        ({"provider": "openai", "apiKey": ["x"]}, 422),
        ([], 422),
        ({"refreshToken": "1//some-refresh-token"}, 400),
        ({"provider": "unheard-of", "apiKey": "sk-0123456789abcdef"}, 400),
        ({"provider": "../../etc", "apiKey": "sk-0123456789abcdef"}, 400),
        ({"provider": "openai", "apiKey": "two words"}, 400),
        ({"provider": "openai", "apiKey": "line\r\nbreak"}, 400),
        ({"provider": "openai"}, 400),
        ({"provider": "x", "apiKey": "sk-0123456789", "baseUrl": "file:///etc/passwd"}, 400),
        ({"provider": "x", "apiKey": "sk-0123456789", "baseUrl": "http://169.254.169.254/latest"}, 400),
        ({"provider": "x", "apiKey": "sk-0123456789", "baseUrl": "http://u:p@example.org/v1"}, 400),
        ({"provider": "openai", "apiKey": "sk-0123456789", "label": "a\r\nb", "validate": False}, 400),
        ({"provider": "openai", "apiKey": "sk-0123456789", "weight": -1, "validate": False}, 400),
        (
            {
                "provider": "openai",
                "apiKey": "sk-0123456789",
                "limits": [{"unit": "cows", "period": "day", "limit": 1}],
            },
            400,
        ),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_kept(gateway: Gateway, body: Any, status: int) -> None:
    answer = call(gateway, "POST", "/api/accounts", body)
    assert answer.status == status, answer.body
    assert answer.json["error"]
    assert listed(gateway) == []


def test_bad_json_and_bad_types_have_the_statuses_of_the_contract(gateway: Gateway) -> None:
    assert call(gateway, "POST", "/api/accounts", raw=b"{nonsense").status == 400
    assert call(gateway, "POST", "/api/accounts/switch", {}).status == 422
    assert call(gateway, "POST", "/api/accounts/bulk-delete", {"accountIds": "all"}).status == 422
    assert call(gateway, "POST", "/api/accounts/reorder", {"accountIds": [1, 2]}).status == 422
    assert call(gateway, "PUT", "/api/accounts", {}).status == 405


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("DELETE", "/api/accounts/{id}", None),
        ("GET", "/api/accounts/{id}", None),
        ("PATCH", "/api/accounts/{id}", {"name": "x"}),
        ("GET", "/api/accounts/{id}/quota", None),
        ("POST", "/api/accounts/{id}/toggle-proxy", {"enable": False}),
        ("POST", "/api/accounts/{id}/bind-device", {"mode": "generate"}),
        ("POST", "/api/accounts/{id}/warmup", None),
        ("POST", "/api/accounts/switch", {"accountId": "{id}"}),
        ("POST", "/api/proxy/preferred-account", {"accountId": "{id}"}),
        ("DELETE", "/api/proxy/rate-limits/{id}", None),
        ("GET", "/api/accounts/{id}/device-versions", None),
        ("POST", "/api/accounts/{id}/device-versions/baseline/restore", None),
    ],
)
@pytest.mark.parametrize("unknown", [UNKNOWN, "%27%20OR%20%271%27%3D%271", "%00", "x" * 300])
def test_an_unknown_account_is_a_404(gateway: Gateway, method: str, path: str, body: Any, unknown: str) -> None:
    if body and "accountId" in body:
        body = {"accountId": unknown[:256]}
    answer = call(gateway, method, path.replace("{id}", unknown), body)
    assert answer.status == 404, answer.body
    assert answer.json["error"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", path) for path in ("/api/accounts", "/api/accounts/current", "/api/accounts/x/quota")),
        *(("POST", f"/api/accounts{path}") for path in ("", "/switch", "/refresh", "/bulk-delete", "/reorder")),
        *(("POST", f"/api/accounts{path}") for path in ("/export", "/import", "/import/db", "/x/toggle-proxy")),
        ("DELETE", "/api/accounts/x"),
        ("GET", "/api/proxy/preferred-account"),
        ("DELETE", "/api/proxy/rate-limits"),
    ],
)
def test_nobody_comes_in_without_a_token(gateway: Gateway, method: str, path: str) -> None:
    answer = call(gateway, method, path, {} if method == "POST" else None, headers={})
    assert answer.status == 401 and answer.json["error"]


def test_deleting_is_204_and_the_first_that_is_left_becomes_current(gateway: Gateway, vendor: AccountVendor) -> None:
    first, second = add(gateway, vendor), add(gateway, vendor)
    answer = call(gateway, "DELETE", f"/api/accounts/{first['id']}")
    assert (answer.status, answer.body) == (204, b"")
    assert call(gateway, "GET", "/api/accounts").json["current_account_id"] == second["id"]
    assert call(gateway, "DELETE", f"/api/accounts/{first['id']}").status == 404


def test_the_same_label_is_renewed_and_the_same_credential_not_kept_twice(
    gateway: Gateway, vendor: AccountVendor
) -> None:
    made = add(gateway, vendor, "sk-renewed-key-one", label="a@example.org")
    vendor.open("sk-renewed-key-two")
    again = add(gateway, vendor, "sk-renewed-key-two", label="a@example.org")
    assert again["id"] == made["id"] and len(listed(gateway)) == 1
    body = {"provider": "acme", "apiKey": "sk-renewed-key-two", "baseUrl": vendor.url + "/v1"}
    other = call(gateway, "POST", "/api/accounts", {**body, "label": "b@example.org"})
    assert other.status == 409 and "a@example.org" in other.json["error"]
    assert call(gateway, "POST", "/api/accounts", body).json["id"] == made["id"], "without a label it is renewed"
    assert len(listed(gateway)) == 1


def test_the_order_is_that_of_the_operator_and_real(gateway: Gateway, vendor: AccountVendor) -> None:
    a, b, c = (add(gateway, vendor, label=name) for name in ("a", "b", "c"))
    answer = call(gateway, "POST", "/api/accounts/reorder", {"accountIds": [c["id"], c["id"], "unknown", a["id"]]})
    assert answer.status == 200
    assert [one["email"] for one in listed(gateway)] == ["c", "a", "b"]
    assert [one["priority"] for one in listed(gateway)] == [0, 1, 2]
    served = chat(gateway, "acme/vendor-large", "the order of accounts decides who serves")
    assert served.status == 200 and served.headers["x-account-email"] == "c"
    assert served.headers["x-mapped-model"] == "vendor-large"
    assert b["id"]


def test_a_paused_account_serves_nothing_from_that_moment(gateway: Gateway, vendor: AccountVendor) -> None:
    a, b = add(gateway, vendor, label="a"), add(gateway, vendor, label="b")
    toggle = f"/api/accounts/{a['id']}/toggle-proxy"
    assert call(gateway, "POST", toggle, {"enable": False, "reason": "maintenance"}).status == 200
    found = listed(gateway)[0]
    assert found["proxy_disabled"] and found["proxy_disabled_reason"] == "maintenance"
    assert isinstance(found["proxy_disabled_at"], int)
    assert chat(gateway, "acme/vendor-large").headers["x-account-email"] == "b"
    call(gateway, "POST", f"/api/accounts/{b['id']}/toggle-proxy", {"enable": "false"})
    refused = chat(gateway, "acme/vendor-large")
    assert refused.status == 503 and refused.json["error"]["message"]
    call(gateway, "POST", toggle)
    assert not listed(gateway)[0]["proxy_disabled"] and listed(gateway)[0]["proxy_disabled_at"] is None
    assert chat(gateway, "acme/vendor-large").headers["x-account-email"] == "a"


def test_a_limited_account_rests_for_that_model_and_the_next_one_serves(
    gateway: Gateway, vendor: AccountVendor
) -> None:
    add(gateway, vendor, label="a", requests=1)
    add(gateway, vendor, label="b")
    assert chat(gateway, "acme/vendor-large").headers["x-account-email"] == "a"
    for _ in range(3):
        assert chat(gateway, "acme/vendor-large").headers["x-account-email"] == "b"
    assert vendor.key(vendor.journal[0].headers["authorization"].removeprefix("Bearer ")).served == 1
    other = chat(gateway, "acme/vendor-small", "another conversation altogether")
    assert other.headers["x-account-email"] == "a", "the limit is of the model"
    locks = listed(gateway)[0]["rate_limits"]
    assert [(lock["model"], lock["reason"]) for lock in locks] == [("vendor-large", "rate_limit")]
    quota = {one["name"]: one for one in listed(gateway)[0]["quota"]["models"]}
    assert quota["vendor-large"]["percentage"] == 0 and re.fullmatch(r"\d{4}-.*Z", quota["vendor-large"]["reset_time"])


def test_when_all_have_to_rest_the_wait_is_told(gateway: Gateway, vendor: AccountVendor) -> None:
    a = add(gateway, vendor, label="a", requests=1)
    assert chat(gateway, "acme/vendor-large").status == 200
    refused = [chat(gateway, "acme/vendor-large") for _ in range(3)]
    assert [answer.status for answer in refused] == [429] * 3
    assert all(50 <= int(answer.headers["retry-after"]) <= 60 for answer in refused)
    assert vendor.asked_with(a["secret"]) == 2, "a locked account is not asked"
    cleared = call(gateway, "DELETE", f"/api/proxy/rate-limits/{a['id']}")
    assert cleared.status == 200 and cleared.json["cleared"] == 1
    vendor.advance(61)
    assert chat(gateway, "acme/vendor-large").status == 200


def test_a_key_that_is_revoked_is_passed_over(gateway: Gateway, vendor: AccountVendor) -> None:
    a = add(gateway, vendor, label="a")
    add(gateway, vendor, label="b")
    vendor.key(a["secret"]).revoked = True
    for _ in range(3):
        assert chat(gateway, "acme/vendor-large").headers["x-account-email"] == "b"
    assert vendor.asked_with(a["secret"]) == 1
    assert listed(gateway)[0]["quota"]["is_forbidden"] is True
    vendor.key(a["secret"]).revoked = False
    assert call(gateway, "GET", f"/api/accounts/{a['id']}/quota").json["is_forbidden"] is False
    assert chat(gateway, "acme/vendor-large", "a new conversation for the first").headers["x-account-email"] == "a"


def test_one_account_whose_key_is_revoked_tells_why(gateway: Gateway, vendor: AccountVendor) -> None:
    a = add(gateway, vendor, label="a")
    vendor.key(a["secret"]).revoked = True
    answers = [chat(gateway, "acme/vendor-large") for _ in range(2)]
    assert [answer.status for answer in answers] == [502, 502]
    assert a["secret"].encode() not in answers[0].body and b"@" not in answers[0].body


def test_faults_of_the_vendor_move_to_the_next_account(gateway: Gateway, vendor: AccountVendor) -> None:
    a, b = add(gateway, vendor, label="a"), add(gateway, vendor, label="b")
    for status in (500, 503, 529, 429, 403):
        vendor.key(a["secret"]).failing = [status]
        answer = chat(gateway, "acme/vendor-large", f"conversation about {status}", stream=True)
        assert answer.status == 200 and answer.headers["x-account-email"] == "b", status
        call(gateway, "DELETE", "/api/proxy/rate-limits")
        call(gateway, "POST", "/api/proxy/session-bindings/clear")
    vendor.key(a["secret"]).failing = [400]
    assert chat(gateway, "acme/vendor-large").status == 400
    assert b["id"]


def test_a_conversation_stays_with_its_account(gateway: Gateway, vendor: AccountVendor) -> None:
    a, b = add(gateway, vendor, label="a"), add(gateway, vendor, label="b")
    call(gateway, "POST", f"/api/accounts/{a['id']}/toggle-proxy", {"enable": False})
    text = "a conversation that began with the second account"
    assert chat(gateway, "acme/vendor-large", text).headers["x-account-email"] == "b"
    call(gateway, "POST", f"/api/accounts/{a['id']}/toggle-proxy", {"enable": True})
    assert chat(gateway, "acme/vendor-large", text).headers["x-account-email"] == "b"
    assert chat(gateway, "acme/vendor-large", "a conversation of its own").headers["x-account-email"] == "a"
    assert call(gateway, "POST", "/api/proxy/session-bindings/clear").json["cleared"] == 2
    assert chat(gateway, "acme/vendor-large", text).headers["x-account-email"] == "a"
    assert b["id"]


def test_a_preferred_account_goes_first_and_is_remembered(gateway: Gateway, vendor: AccountVendor) -> None:
    a, b = add(gateway, vendor, label="a"), add(gateway, vendor, label="b")
    preferred = "/api/proxy/preferred-account"
    assert call(gateway, "GET", preferred).json is None
    assert call(gateway, "POST", preferred, {"accountId": b["id"]}).status == 200
    assert call(gateway, "GET", preferred).json == b["id"]
    assert chat(gateway, "acme/vendor-large").headers["x-account-email"] == "b"
    call(gateway, "POST", preferred, {"accountId": None})
    call(gateway, "POST", "/api/proxy/session-bindings/clear")
    assert chat(gateway, "acme/vendor-large").headers["x-account-email"] == "a"
    assert a["id"]


def test_switching_makes_current_and_gives_a_device_identity(gateway: Gateway, vendor: AccountVendor) -> None:
    a, b = add(gateway, vendor), add(gateway, vendor)
    assert call(gateway, "POST", "/api/accounts/switch", {"accountId": b["id"]}).status == 200
    found = {one["id"]: one for one in listed(gateway)}
    assert found[b["id"]]["is_current"] and not found[a["id"]]["is_current"]
    assert found[b["id"]]["device_bound"] and not found[a["id"]]["device_bound"]
    versions = call(gateway, "GET", f"/api/accounts/{b['id']}/device-versions").json
    assert [version["label"] for version in versions["history"]] == ["auto_generated"]


def test_bulk_deletion_ignores_unknown_ids(gateway: Gateway, vendor: AccountVendor) -> None:
    made = [add(gateway, vendor) for _ in range(3)]
    answer = call(
        gateway, "POST", "/api/accounts/bulk-delete", {"accountIds": [made[0]["id"], "nobody", made[2]["id"]]}
    )
    assert answer.status == 200 and answer.json["deleted"] == 2
    assert [one["id"] for one in listed(gateway)] == [made[1]["id"]]
    assert call(gateway, "GET", "/api/accounts").json["current_account_id"] == made[1]["id"]
    assert call(gateway, "POST", "/api/accounts/bulk-delete", {"accountIds": []}).status == 200


def test_a_refresh_of_all_names_who_failed(gateway: Gateway, vendor: AccountVendor) -> None:
    a, b, c = (add(gateway, vendor, label=name) for name in ("a", "b", "c"))
    vendor.key(b["secret"]).forbidden = True
    answer = call(gateway, "POST", "/api/accounts/refresh")
    assert answer.status == 200
    assert {**answer.json, "details": None} == {"total": 3, "success": 2, "failed": 1, "details": None}
    assert len(answer.json["details"]) == 1 and answer.json["details"][0].startswith("b:")
    again = call(gateway, "POST", "/api/accounts/refresh").json
    assert again["total"] == 2, "who is forbidden is left out"
    progress = call(gateway, "GET", "/api/accounts/refresh").json
    assert progress["running"] is False and progress["done"] == 2
    quota = call(gateway, "GET", f"/api/accounts/{a['id']}/quota").json
    assert quota.keys() == {"models", "last_updated", "subscription_tier", "is_forbidden"}
    assert {one["name"]: one["percentage"] for one in quota["models"]} == {"vendor-large": 100, "vendor-small": 100}
    assert call(gateway, "GET", f"/api/accounts/{b['id']}/quota").json["is_forbidden"] is True
    assert call(gateway, "POST", f"/api/accounts/{c['id']}/warmup").json.startswith("Connection test")


def test_declared_limits_are_kept(gateway: Gateway, vendor: AccountVendor) -> None:
    limits = [{"unit": "requests", "period": "day", "limit": 2}]
    a = add(gateway, vendor, label="a", limits=limits, plan="team")
    add(gateway, vendor, label="b")
    names = [chat(gateway, "acme/vendor-large", f"request number {n}").headers["x-account-email"] for n in range(4)]
    assert names == ["a", "a", "b", "b"]
    found = call(gateway, "GET", f"/api/accounts/{a['id']}/quota").json
    assert {one["percentage"] for one in found["models"]} == {0} and found["subscription_tier"] == "team"
    assert all(one["reset_time"] for one in found["models"])


def test_where_the_list_is_open_the_key_itself_is_asked_about() -> None:
    with AccountVendor(open_list=True) as vendor:
        router = {"baseUrl": vendor.url + "/v1", "profile": "openrouter"}
        with running_gateway(settings({"router": router}, accounts={"refreshMinutes": 0})) as gateway:
            body = {"provider": "router", "apiKey": "sk-or-nobody-knows-this-one"}
            refused = call(gateway, "POST", "/api/accounts", body)
            assert refused.status == 400 and refused.json["code"] == "credential_refused" and not listed(gateway)
            vendor.open("sk-or-good-0123456789", credit={"limit": 20, "limit_remaining": 5.1, "limit_reset": "daily"})
            good = call(gateway, "POST", "/api/accounts", {**body, "apiKey": "sk-or-good-0123456789"})
            assert good.status == 200
            quota = call(gateway, "GET", f"/api/accounts/{good.json['id']}/quota").json
            told = {one["name"]: (one["percentage"], one["reset_time"][10:]) for one in quota["models"]}
            assert told["*"] == (25, "T00:00:00Z") and quota["subscription_tier"] == "free"
            vendor.key("sk-or-good-0123456789").revoked = True
            assert call(gateway, "POST", "/api/accounts/refresh").json["failed"] == 1


def test_where_nothing_tells_of_the_key_one_token_does() -> None:
    """NVIDIA's list is open to everybody, and its per-account 404 for a model comes behind the door."""
    with AccountVendor(open_list=True, tells_of_keys=False) as vendor:
        nvidia = {"baseUrl": vendor.url + "/v1", "profile": "nvidia"}
        with running_gateway(settings({"nvidia": nvidia}, accounts={"refreshMinutes": 0})) as gateway:
            body = {"provider": "nvidia", "apiKey": "nvapi-nobody-knows-this-one"}
            refused = call(gateway, "POST", "/api/accounts", body)
            assert refused.status == 400 and refused.json["code"] == "credential_refused" and not listed(gateway)
            key = vendor.open("nvapi-good-0123456789", failing=[404])
            made = call(gateway, "POST", "/api/accounts", {**body, "apiKey": key.secret})
            assert made.status == 200, "that model is not of this account, but the key is good"
            (asked,) = [
                entry for entry in vendor.journal if entry.headers.get("authorization", "").endswith(key.secret)
            ][-1:]
            assert asked.path == "/v1/chat/completions" and asked.json["max_tokens"] == 1
            here = f"/api/accounts/{made.json['id']}"
            key.revoked = True
            spent = vendor.asked_with(key.secret)
            assert call(gateway, "POST", "/api/accounts/refresh").json["success"] == 1
            assert call(gateway, "GET", f"{here}/quota").json["is_forbidden"] is False
            assert vendor.asked_with(key.secret) == spent, "looking again and again spends nothing"
            assert "refuses" in call(gateway, "POST", f"{here}/warmup").json
            assert call(gateway, "GET", here).json["quota"]["is_forbidden"] is True
            assert call(gateway, "GET", f"{here}/quota").json["is_forbidden"] is True, "an open list pardons nobody"
            key.revoked = False
            assert "it answers." in call(gateway, "POST", f"{here}/warmup").json
            assert call(gateway, "GET", here).json["quota"]["is_forbidden"] is False
            key.failing = [503]
            assert call(gateway, "POST", f"{here}/warmup").status in (502, 503)


def test_a_vendor_without_a_list_is_taken_at_its_word(gateway: Gateway) -> None:
    with AccountVendor(models=()) as bare:
        made = add(gateway, bare, models=["vendor-large"])
        told = call(gateway, "POST", f"/api/accounts/{made['id']}/warmup").json
        assert "does not tell whether it takes the credential" in told
        bare.key(made["secret"]).revoked = True
        assert "refuses" in call(gateway, "POST", f"/api/accounts/{made['id']}/warmup").json


def test_adding_the_first_account_of_a_provider_asks_once(gateway: Gateway, vendor: AccountVendor) -> None:
    made = add(gateway, vendor, label="first")
    assert chat(gateway, "acme/vendor-large").status == 200, "its models are known by that one call"
    assert [(entry.method, entry.path) for entry in vendor.journal] == [
        ("GET", "/v1/models"),
        ("POST", "/v1/chat/completions"),
    ]
    second = add(gateway, vendor, label="second")
    call(gateway, "DELETE", f"/api/accounts/{made['id']}")
    vendor.journal.wait(lambda journal: sum(entry.path == "/v1/models" for entry in journal) == 3)
    asked = vendor.journal.last.headers["authorization"]
    assert asked == f"Bearer {second['secret']}", "the one who asked is gone: another asks anew"


def test_a_list_that_tells_prices_makes_its_models_priced() -> None:
    """OpenRouter's own list; what it says that a turn cost goes before that."""
    pricing = {"prompt": "0.000001", "completion": "0.000002", "request": "0", "input_cache_read": "0.0000001"}
    prices = {"vendor-large": pricing, "vendor-small": {"prompt": "-1", "completion": "-1"}}
    with AccountVendor(open_list=True, pricing=prices) as vendor:
        router = {"baseUrl": vendor.url + "/v1", "profile": "openrouter", "models": [{"id": "vendor-large"}]}
        with running_gateway(settings({"router": router}, accounts={"refreshMinutes": 0})) as gateway:
            vendor.open("sk-or-good-0123456789")
            body = {"provider": "router", "apiKey": "sk-or-good-0123456789"}
            assert call(gateway, "POST", "/api/accounts", body).status == 200
            for name in ("vendor-large", "vendor-small"):
                assert chat(gateway, f"router/{name}").status == 200
            unknown, known = call(gateway, "GET", "/api/logs").json
            assert known["cost"] == pytest.approx((known["input_tokens"] + 2 * known["output_tokens"]) / 1e6)
            assert unknown["cost"] is None, "a price that differs from request to request is none"


def test_device_identities_are_records(gateway: Gateway, vendor: AccountVendor) -> None:
    a = add(gateway, vendor)
    here = f"/api/accounts/{a['id']}"
    bound = call(gateway, "POST", f"{here}/bind-device", {"mode": "generate"})
    assert bound.status == 200 and bound.json["success"] is True and bound.json["message"]
    profile = bound.json["device_profile"]
    assert profile.keys() == {"machine_id", "mac_machine_id", "dev_device_id", "sqm_id"}
    assert re.fullmatch(r"\{[0-9A-F-]{36}\}", profile["sqm_id"])
    captured = call(gateway, "POST", f"{here}/bind-device", {"mode": "capture"}).json["device_profile"]
    assert captured != profile
    assert call(gateway, "POST", f"{here}/bind-device", {"mode": "steal"}).status == 400
    preview = call(gateway, "POST", "/api/accounts/device-preview").json
    versions = call(gateway, "GET", f"{here}/device-profiles").json
    assert versions == call(gateway, "GET", f"{here}/device-versions").json
    assert versions["bound_profile"] == captured == versions["baseline"]
    assert [version["label"] for version in versions["history"]] == ["generate", "capture"]
    first, second = versions["history"]
    assert call(gateway, "POST", f"{here}/device-versions/{first['id']}/restore").json == profile
    assert call(gateway, "DELETE", f"{here}/device-versions/{first['id']}").status == 409
    assert call(gateway, "DELETE", f"{here}/device-versions/baseline").status == 409
    deleted = call(gateway, "DELETE", f"{here}/device-versions/{second['id']}")
    assert (deleted.status, deleted.body) == (204, b"")
    assert call(gateway, "DELETE", f"{here}/device-versions/{second['id']}").status == 404
    assert call(gateway, "POST", f"{here}/bind-device-profile", preview).json == preview
    assert (
        call(gateway, "POST", f"{here}/bind-device-profile", {"accountId": a["id"], "profile": profile}).json == profile
    )
    assert call(gateway, "POST", f"{here}/bind-device-profile", {"machine_id": 5}).status == 400
    assert isinstance(call(gateway, "POST", "/api/accounts/restore-original").json, str)
    assert call(gateway, "GET", f"{here}/device-versions").json["bound_profile"] == captured
    chat(gateway, "acme/vendor-large")
    sent = str([(entry.headers, entry.body) for entry in vendor.journal])
    assert not any(value in sent for value in (*profile.values(), *captured.values())), "nothing sends them anywhere"


def test_an_export_holds_secrets_only_when_asked_and_can_be_imported(gateway: Gateway, vendor: AccountVendor) -> None:
    a = add(gateway, vendor, label="a", plan="pro", models=["vendor-large"])
    plain = call(gateway, "POST", "/api/accounts/export")
    assert plain.status == 200 and a["secret"].encode() not in plain.body
    full = call(gateway, "POST", "/api/accounts/export", {"secrets": True})
    assert full.json["accounts"][0]["secret"] == a["secret"] and full.headers["cache-control"] == "no-store"
    call(gateway, "DELETE", f"/api/accounts/{a['id']}")
    taken = call(gateway, "POST", "/api/accounts/import", full.json)
    assert taken.status == 200, taken.body
    assert (taken.json["imported"], taken.json["skipped"], taken.json["failed"]) == (1, 0, 0)
    assert taken.json["accounts"][0]["email"] == "a" and taken.json["accounts"][0]["models"] == ["vendor-large"]
    again = call(gateway, "POST", "/api/accounts/import", full.json).json
    assert (again["imported"], again["skipped"], again["failed"]) == (0, 1, 0)


def test_imports_take_arrays_and_text_and_name_what_failed(gateway: Gateway, vendor: AccountVendor) -> None:
    vendor.open("sk-import-key-0000001")
    good = {"provider": "acme", "api_key": "sk-import-key-0000001", "base_url": vendor.url + "/v1", "email": "i@x.org"}
    answer = call(
        gateway, "POST", "/api/accounts/import", [good, {"provider": "acme"}, 5, {"refresh_token": "1//abcdefghijk"}]
    )
    assert answer.status == 200
    assert (answer.json["imported"], answer.json["failed"]) == (1, 3) and len(answer.json["details"]) == 3
    places: list[Any] = [1e308, -1e308, "x", [], True]
    odd = [{**good, "validate": False, "priority": place} for place in places]
    assert call(gateway, "POST", "/api/accounts/import", odd).json["failed"] == 5
    text = call(
        gateway, "POST", "/api/accounts/import", {"text": "here: sk-ant-api03-0123456789abcdef, ok?", "validate": False}
    )
    assert text.json["imported"] == 1 and text.json["accounts"][0]["provider"] == "anthropic"
    assert call(gateway, "POST", "/api/accounts/import", {"something": 1}).status == 400
    assert call(gateway, "POST", "/api/accounts/import").status == 422


def test_an_older_database_is_read_inside_the_data_directory_alone(
    gateway: Gateway, vendor: AccountVendor, tmp_path: Path
) -> None:
    import sqlite3

    assert call(gateway, "POST", "/api/accounts/import/db").status == 404
    assert call(gateway, "POST", "/api/accounts/sync/db").json is None
    vendor.open("sk-older-key-0000001")
    with sqlite3.connect(gateway.home / "accounts.db") as older:
        older.execute("CREATE TABLE accounts (label TEXT, provider TEXT, api_key TEXT, base_url TEXT, models TEXT)")
        row = ("old@example.org", "acme", "sk-older-key-0000001", vendor.url + "/v1", "[]")
        older.execute("INSERT INTO accounts VALUES (?,?,?,?,?)", row)
    older.close()
    try:
        answer = call(gateway, "POST", "/api/accounts/import/db")
        assert answer.status == 200, answer.body
        assert answer.json["imported"] == 1 and answer.json["email"] == "old@example.org"
        assert call(gateway, "POST", "/api/accounts/import/db-custom", {"path": "accounts.db"}).json["skipped"] == 1
        assert call(gateway, "POST", "/api/accounts/import/v1").json == []
        with sqlite3.connect(gateway.home / "odd.db") as odd:
            odd.execute("CREATE TABLE accounts (label, provider, api_key, base_url, priority, weight)")
            for number, values in enumerate(("9e999, 1", "-9e999, 1", "x'00', 1", "1, 9e999", "'x', 1", "1, x'ff'")):
                named = (f"odd{number}", "acme", f"sk-odd-key-000000{number}", vendor.url + "/v1")
                odd.execute(f"INSERT INTO accounts VALUES (?,?,?,?,{values})", named)
        odd.close()
        told = call(gateway, "POST", "/api/accounts/import/db-custom", {"path": "odd.db", "validate": False})
        assert told.status == 200 and (told.json["imported"], told.json["failed"]) == (0, 6), told.body
        outside = tmp_path / "outside.json"
        outside.write_text("[]")
        (gateway.home / "link.json").symlink_to(outside)
        for path in ("../../etc/passwd", str(outside), "link.json", "/etc/passwd", "a\x00b"):
            assert call(gateway, "POST", "/api/accounts/import/db", {"path": path}).status == 403, path
        assert call(gateway, "POST", "/api/accounts/import/db", {"path": "nothing.db"}).status == 404
        assert call(gateway, "POST", "/api/accounts/import/db-custom", {}).status == 422
    finally:
        (gateway.home / "accounts.db").unlink()


def test_changes_of_an_account(gateway: Gateway, vendor: AccountVendor) -> None:
    a = add(gateway, vendor, label="a")
    answer = call(
        gateway, "PATCH", f"/api/accounts/{a['id']}", {"name": "New", "models": ["vendor-small"], "priority": 7}
    )
    assert answer.status == 200, answer.body
    assert (answer.json["name"], answer.json["models"], answer.json["priority"]) == ("New", ["vendor-small"], 7)
    assert chat(gateway, "acme/vendor-large").status == 503, "the account no longer has that model"
    assert chat(gateway, "acme/vendor-small").status == 200


def test_a_hundred_hostile_labels_are_shown_as_they_are(gateway: Gateway, vendor: AccountVendor) -> None:
    label = "<script>alert(1)</script> 主账号 ' OR 1=1 --"
    add(gateway, vendor, label=label)
    assert listed(gateway)[0]["email"] == label
    answer: Answer = chat(gateway, "acme/vendor-large")
    assert answer.status == 200 and "%E4%B8%BB" in answer.headers["x-account-email"]
