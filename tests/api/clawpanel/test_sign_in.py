"""Signing in, and what a token opens: clawpanel.md §0.2, §1.1, §8 (1, 3, 22) and the first of §9."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from typing import Any

import httpx
import orjson
import pytest

from tests.api.clawpanel.panel import Panel
from tests.support.server import running_gateway, settings
from tests.support.waiting import PATIENCE

OTHER = "cd-another-token-0123456789abcdef"
PROTECTED = "/api/system/admin-token"


def decoded(part: str) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def encoded(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(value)).rstrip(b"=").decode()


def signed(header: dict[str, Any], claims: dict[str, Any], key: bytes) -> str:
    body = f"{encoded(header)}.{encoded(claims)}"
    signature = base64.urlsafe_b64encode(hmac.digest(key, body.encode(), hashlib.sha256)).rstrip(b"=").decode()
    return f"{body}.{signature}"


def refused(panel: Panel, authorization: str | None) -> tuple[int, Any]:
    headers = {} if authorization is None else {"authorization": authorization}
    answer = httpx.get(panel.gateway.base_url + PROTECTED, headers=headers, timeout=PATIENCE)
    return answer.status_code, answer.json()["error"]


def test_a_token_has_the_claims_of_the_contract_and_holds_for_a_week(panel: Panel) -> None:
    header, claims, _ = (*map(decoded, panel.token.split(".")[:2]), None)
    assert (header["alg"], header["typ"]) == ("HS256", "JWT")
    assert set(claims) == {"role", "iat", "exp", "jti"}
    assert claims["role"] == "admin"
    assert claims["exp"] - claims["iat"] == 604_800
    assert abs(claims["iat"] - time.time()) < 60


def test_a_form_signs_in_too(panel: Panel) -> None:
    answer = httpx.post(
        panel.gateway.base_url + "/api/auth/login", data={"token": panel.gateway.token}, timeout=PATIENCE
    )
    assert (answer.status_code, answer.json()["ok"]) == (200, True)


@pytest.mark.parametrize("body", [{"token": "wrong"}, {}, {"token": None}, {"token": 5}, {"token": ["x"]}])
def test_a_wrong_or_missing_password_is_a_401(panel: Panel, body: dict[str, Any]) -> None:
    answer = httpx.post(panel.gateway.base_url + "/api/auth/login", json=body, timeout=PATIENCE)
    assert (answer.status_code, answer.json()["ok"], answer.json()["error"]) == (401, False, "密码错误")


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[1]", "application/json", 400),
        (b'{"token": NaN}', "application/json", 400),
        (b"x" * 102_401, "application/json", 413),
        (b"token=x", "text/plain", 401),
        (b"", "application/json", 401),
    ],
)
def test_odd_bodies_are_refused_in_the_contracts_words(panel: Panel, content: bytes, kind: str, status: int) -> None:
    answer = httpx.post(
        panel.gateway.base_url + "/api/auth/login", content=content, headers={"content-type": kind}, timeout=PATIENCE
    )
    assert answer.status_code == status
    assert answer.json()["ok"] is False
    assert answer.json()["error"]


def test_no_token_and_a_bad_one_are_told_apart(panel: Panel) -> None:
    assert refused(panel, None) == (401, "No token")
    assert refused(panel, "Bearer junk") == (401, "Invalid token")
    assert refused(panel, "Bearer eyJhbGciOiJIUzI1NiJ9.e30.x") == (401, "Invalid token")


def test_a_token_of_anothers_making_opens_nothing(panel: Panel) -> None:
    header, claims = decoded(panel.token.split(".")[0]), decoded(panel.token.split(".")[1])
    for key in (b"", b"clawpanel", panel.gateway.token.encode()):
        assert refused(panel, f"Bearer {signed(header, claims, key)}") == (401, "Invalid token")
    unsigned = f"{encoded({**header, 'alg': 'none'})}.{encoded(claims)}."
    assert refused(panel, f"Bearer {unsigned}") == (401, "Invalid token")


def test_a_changed_claim_breaks_the_token(panel: Panel) -> None:
    header, claims, signature = panel.token.split(".")
    longer = encoded({**decoded(claims), "exp": decoded(claims)["exp"] + 1})
    assert refused(panel, f"Bearer {header}.{longer}.{signature}") == (401, "Invalid token")


def test_a_token_survives_a_restart_and_ends_with_its_password() -> None:
    with running_gateway(settings({}, gateway={"auth": {"adminToken": OTHER}})) as gateway:
        panel = Panel(gateway, OTHER)
        gateway.stop()
        gateway.start()
        assert panel.get(PROTECTED)["token"] == OTHER
        gateway.stop()
        gateway.write_config(settings({}, gateway={"auth": {"adminToken": f"{OTHER}-new"}}))
        gateway.start()
        answer = panel.ask("GET", PROTECTED)
        assert (answer.status_code, answer.json()["error"]) == (401, "Invalid token")
        panel.close()


def test_a_bare_token_is_taken_and_so_is_a_key_of_crawdads_own(panel: Panel) -> None:
    assert panel.get(PROTECTED)["token"] == panel.gateway.token
    for headers in ({"authorization": panel.token}, {"x-admin-token": panel.gateway.token}):
        answer = httpx.get(panel.gateway.base_url + PROTECTED, headers=headers, timeout=PATIENCE)
        assert (answer.status_code, answer.json()) == (200, {"ok": True, "token": panel.gateway.token})


def test_a_token_in_the_address_is_not_taken_where_the_contract_does_not_say_so(panel: Panel) -> None:
    answer = httpx.get(f"{panel.gateway.base_url}{PROTECTED}?token={panel.token}", timeout=PATIENCE)
    assert (answer.status_code, answer.json()["error"]) == (401, "No token")


def test_a_key_for_models_alone_neither_signs_in_nor_reads(panel: Panel) -> None:
    made = panel.ask("POST", "/api/keys", {"name": "models"}, headers={"x-admin-token": panel.gateway.token})
    key = made.json()["key"]
    login = panel.ask("POST", "/api/auth/login", {"token": key})
    assert (login.status_code, login.json()["ok"]) == (403, False)
    answer = httpx.get(panel.gateway.base_url + PROTECTED, headers={"authorization": f"Bearer {key}"}, timeout=PATIENCE)
    assert (answer.status_code, answer.json()["ok"]) == (403, False)


def test_an_unknown_path_is_a_404_in_json(panel: Panel) -> None:
    for path in ("/api/workspace/nothing", "/api/nothing", "/api/", "/api/system"):
        for method in ("GET", "POST"):
            answer = panel.ask(method, path)
            assert (answer.status_code, answer.json()["ok"]) == (404, False) and answer.json()["error"], path


def test_guessing_locks_the_address_out() -> None:
    limit = {"maxAttempts": 3, "windowMs": 60_000, "lockoutMs": 60_000, "exemptLoopback": False}
    with running_gateway(settings({}, gateway={"auth": {"rateLimit": limit}})) as gateway:
        statuses = [
            httpx.post(gateway.base_url + "/api/auth/login", json={"token": f"wrong-{n}"}, timeout=PATIENCE).status_code
            for n in range(5)
        ]
        assert statuses[0] == 401
        assert statuses[-1] == 429
