"""Who comes in: every credential header, every mode, through the front door (the contract's vectors B.7, attack cases 12-19)."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

import pytest

from tests.api.opsclaw.asking import ADMIN, Client
from tests.support.server import TOKEN, Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE

HEADERS = ("authorization", "x-api-key", "x-goog-api-key", "x-admin-token")
PROXY = {"trustedProxies": ["127.0.0.1"]}


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with running_gateway(settings({}, gateway=PROXY), {"CRAWDAD_ADMIN_TOKEN": ADMIN}) as found:
        yield found


@pytest.fixture(scope="module")
def alone() -> Iterator[Gateway]:
    """One without a token of its own for administrators."""
    with running_gateway(settings({})) as found:
        yield found


def status(gateway: Gateway, path: str, **headers: str) -> int:
    return Client(gateway).get(path, **headers).status


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("bearer", ["", "Bearer "])
def test_the_administrators_token_opens_management_alone(gateway: Gateway, header: str, bearer: str) -> None:
    if bearer and header != "authorization":
        pytest.skip("only Authorization has schemes")
    name = header.replace("-", "_")
    assert status(gateway, "/api/config", **{name: bearer + ADMIN}) == 200
    assert status(gateway, "/api/config", **{name: bearer + TOKEN}) == 401
    if header != "x-admin-token":
        expected = 401 if header == "authorization" and not bearer else 200
        assert status(gateway, "/v1/models", **{name: bearer + TOKEN}) == expected
        assert status(gateway, "/v1/models", **{name: bearer + ADMIN}) == 401


@pytest.mark.parametrize("header", HEADERS)
def test_without_one_the_api_key_administers(alone: Gateway, header: str) -> None:
    assert status(alone, "/api/config", **{header.replace("-", "_"): TOKEN}) == 200


@pytest.mark.parametrize("path", ["/api/health", "/health", "/healthz"])
@pytest.mark.parametrize("credential", ["", "wrong"])
def test_health_is_open_in_every_mode(gateway: Gateway, path: str, credential: str) -> None:
    assert status(gateway, path, **({"x_api_key": credential} if credential else {})) == 200


def test_nobody_and_a_stranger_are_told_what_to_do(gateway: Gateway) -> None:
    for client in (Client(gateway), Client(gateway, "no-such-token-0123456789")):
        told = client.get("/api/config")
        assert told.status == 401 and told.error and TOKEN not in str(told) and "no-such" not in str(told.body)


@pytest.mark.parametrize("right", HEADERS)
@pytest.mark.parametrize("wrong", HEADERS)
def test_the_right_credential_counts_beside_a_wrong_one(gateway: Gateway, right: str, wrong: str) -> None:
    if right == wrong:
        return
    headers = {
        right.replace("-", "_"): ADMIN,
        wrong.replace("-", "_"): "stale-0123456789",
        "x_forwarded_for": "203.0.113.7",
    }
    for _ in range(4):
        assert status(gateway, "/api/proxy/status", **headers) == 200
    headers[wrong.replace("-", "_")] = TOKEN
    assert status(gateway, "/api/proxy/status", **headers) == 200


def test_a_flood_of_guesses_locks_the_address_out_and_no_other(gateway: Gateway) -> None:
    told = [
        status(gateway, "/api/config", x_admin_token=f"guess-{n:016}", x_forwarded_for="203.0.113.66")
        for n in range(12)
    ]
    assert told[:10] == [401] * 10 and told[10:] == [429] * 2
    locked = Client(gateway, ADMIN).get("/api/config", x_forwarded_for="203.0.113.66")
    assert locked.status == 429 and int(locked.headers["retry-after"]) > 0 and locked.error
    assert Client(gateway, ADMIN).get("/api/config", x_forwarded_for="203.0.113.67").status == 200


def test_who_comes_through_a_tunnel_is_no_local_program(alone: Gateway) -> None:
    told = [
        status(alone, "/api/config", x_admin_token=f"guess-{n:016}", cf_connecting_ip="203.0.113.5") for n in range(11)
    ]
    assert told[-1] == 429
    assert status(alone, "/api/config", x_admin_token=TOKEN) == 200


def test_rejecting_is_cheap_whatever_the_header_holds(gateway: Gateway) -> None:
    """Attack cases 10 and 12: no look-up, no database; far below a millisecond of work each."""
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=PATIENCE)
    began = gateway.worked()
    for number in range(300):
        nasty = ("' OR 1=1 --", "%", "x" * 4000, '{"$ne":1}')[number % 4]
        connection.request("GET", "/api/config", headers={"x-admin-token": f"{nasty}{number}", "authorization": nasty})
        answer = connection.getresponse()
        assert answer.status == 401 and answer.read()
    assert (gateway.worked() - began) / 300 < 0.05
    connection.close()


def test_no_cookie_is_set_and_none_opens_anything(gateway: Gateway) -> None:
    told = Client(gateway, ADMIN).get("/api/config")
    assert "set-cookie" not in told.headers and told.headers["cache-control"] == "no-store"
    assert status(gateway, "/api/config", cookie=f"token={ADMIN}; session={TOKEN}") == 401
    assert status(gateway, f"/api/config?key={ADMIN}&token={ADMIN}") == 401


def test_with_authentication_off_loopback_is_open_and_foreign_pages_are_not() -> None:
    with running_gateway(settings({}, gateway={"auth": {"mode": "none"}}), {"CRAWDAD_TOKEN": ""}) as gateway:
        assert status(gateway, "/api/config") == 200 and status(gateway, "/v1/models") == 200
        assert status(gateway, "/api/config", x_admin_token="anything") == 200
        page = Client(gateway).post("/api/proxy/stop", origin="https://evil.example")
        assert page.status == 403 and page.error
        assert Client(gateway).get("/api/proxy/status").body["running"] is True
        rebound = Client(gateway).get("/api/config", host="rebound.example")
        assert rebound.status == 400 and rebound.error


def test_a_key_for_one_thing_administers_nothing_else(alone: Gateway) -> None:
    from tests.api.opsclaw.test_config import make_key

    reader = Client(alone, make_key(alone, "config.read"), "x-admin-token")
    assert reader.get("/api/config").status == 200
    for path in ("/api/proxy/stop", "/api/proxy/start"):
        assert reader.post(path).status == 403
    assert reader.post("/api/proxy/mapping", {"custom_mapping": {}}).status == 403
    assert reader.get("/v1/models").status == 401
