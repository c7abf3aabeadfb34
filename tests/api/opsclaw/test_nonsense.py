"""Every route of the contract with bodies, queries and names that make no sense: the documented error, and nothing changed."""

from __future__ import annotations

import http.client
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest

from tests.api.opsclaw.asking import ADMIN
from tests.support.server import Gateway, running_gateway, settings
from tests.support.upstreams.accounts import AccountVendor
from tests.support.waiting import PATIENCE

ACCOUNTS = """
GET /api/accounts
GET /api/accounts/current
POST /api/accounts
DELETE /api/accounts/:id
POST /api/accounts/switch
POST /api/accounts/refresh
GET /api/accounts/:id/quota
POST /api/accounts/:id/toggle-proxy
POST /api/accounts/:id/bind-device
POST /api/accounts/bulk-delete
POST /api/accounts/reorder
POST /api/accounts/import/db
POST /api/accounts/oauth/start
"""
SYSTEM = """
GET /api/config
POST /api/config
GET /api/proxy/status
POST /api/proxy/start
POST /api/proxy/stop
POST /api/proxy/mapping
GET /api/health
POST /api/proxy/cli/sync
POST /api/proxy/cloudflared/start
"""
LOGS = """
GET /api/logs
GET /api/logs/count
GET /api/logs/:id
POST /api/logs/clear
GET /api/stats/token/summary
GET /api/stats/token/hourly
GET /api/stats/token/daily
GET /api/stats/token/by-account
GET /api/stats/token/by-model
POST /api/stats/token/clear
"""
FURTHER = """
POST /api/accounts/oauth/prepare
POST /api/accounts/oauth/complete
POST /api/accounts/oauth/cancel
POST /api/accounts/oauth/submit-code
GET /api/accounts/oauth/status
GET /api/accounts/oauth/clients
POST /api/accounts/oauth/device
GET /api/auth/url
POST /api/accounts/import
POST /api/accounts/import/v1
POST /api/accounts/import/db-custom
POST /api/accounts/sync/db
POST /api/accounts/export
POST /api/accounts/warmup
POST /api/accounts/:id/warmup
PATCH /api/accounts/:id
GET /api/accounts/:id/device-profiles
GET /api/accounts/:id/device-versions
POST /api/accounts/device-preview
POST /api/accounts/:id/bind-device-profile
POST /api/accounts/restore-original
POST /api/accounts/:id/device-versions/:id/restore
DELETE /api/accounts/:id/device-versions/:id
GET /api/stats/token/weekly
GET /api/stats/token/model-trend/hourly
GET /api/stats/token/model-trend/daily
GET /api/stats/token/account-trend/hourly
GET /api/stats/token/account-trend/daily
GET /api/stats/token/key-trend/hourly
GET /api/stats/token/key-trend/daily
GET /api/stats/token/owner-trend/hourly
GET /api/stats/token/owner-trend/daily
GET /api/stats/summary
GET /api/stats/hourly
GET /api/stats/daily
GET /api/stats/weekly
GET /api/stats/accounts
GET /api/stats/models
POST /api/proxy/cli/status
POST /api/proxy/cli/restore
POST /api/proxy/cli/config
POST /api/proxy/api-key/generate
POST /api/proxy/session-bindings/clear
POST /api/proxy/monitor/toggle
GET /api/proxy/preferred-account
POST /api/proxy/preferred-account
GET /api/proxy/stats
DELETE /api/proxy/rate-limits
DELETE /api/proxy/rate-limits/:id
GET /api/proxy/cloudflared/status
POST /api/proxy/cloudflared/install
POST /api/proxy/cloudflared/stop
POST /api/zai/models/fetch
POST /api/system/open-folder
GET /api/system/data-dir
POST /api/system/save-file
GET /api/system/updates/settings
GET /api/system/updates/check-status
POST /api/system/updates/check
POST /api/system/updates/touch
POST /api/system/updates/save
GET /api/system/autostart/status
POST /api/system/autostart/toggle
GET /api/system/http-api/settings
POST /api/system/http-api/settings
"""
DOCUMENTED = [*ACCOUNTS.split("\n"), *SYSTEM.split("\n"), *LOGS.split("\n")]
ROUTES = [tuple(line.split()) for line in [*DOCUMENTED, *FURTHER.split("\n")] if line]
WRITING = [(method, path) for method, path in ROUTES if method in ("POST", "PATCH") and path != "/api/zai/models/fetch"]
"""Without the one that asks a vendor on the network where no address is given."""

FIELDS = (
    *(
        "refreshToken",
        "provider",
        "apiKey",
        "baseUrl",
        "label",
        "name",
        "models",
        "limits",
        "weight",
        "priority",
        "plan",
    ),
    *(
        "accountId",
        "accountIds",
        "enable",
        "enabled",
        "reason",
        "mode",
        "profile",
        "path",
        "secrets",
        "accounts",
        "text",
    ),
    *(
        "version",
        "project",
        "wait",
        "redirect",
        "state",
        "code",
        "config",
        "custom_mapping",
        "appType",
        "proxyUrl",
        "model",
    ),
    *("fileName", "dryRun", "content", "settings", "token", "port", "serviceAccountJson", "location", "kind", "api"),
    *("proxy", "language", "theme", "zai", "quota_protection", "refresh_interval", "validate"),
)
VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        -1,
        2**62,
        1e300,
        0.5,
        "",
        "\0",
        "../../etc/passwd",
        "a" * 5000,
        "\u202e",
        "<script>",
        "%s",
        "\r\nx: y",
    ),
    *("'; DROP TABLE accounts; --", [], [None], [[]], {}, {"a": {}}, ["x"] * 2000, {"x" * 300: "y"}, {"": ""}),
)
BROKEN = (b"", b"{", b"null", b"[]", b'"x"', b"1", b"\xff\xfe", b"[" * 3000, rb'{"a": "\ud800"}', b'{"a": NaN}')
QUERIES = (
    "limit",
    "offset",
    "filter",
    "errorsOnly",
    "hours",
    "days",
    "weeks",
    "range",
    "cursor",
    "state",
    "tz",
    "timezone",
)
QUERY_VALUES = ("", "-1", "9" * 21, "1e9", "\0", "\udcff", "'", "../..", "a" * 3000, "nan")
NAMES = ("nobody", "a" * 3000, "%00", "..%2f..", "%ff%fe", "%F0%9F%98%80", "'%20or%201=1", "%0d%0aset-cookie:x")
HONEST_FAILURES = (501, 502, 503)


class Door:
    """Asks over one connection."""

    def __init__(self, gateway: Gateway) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=PATIENCE)
        self.account = ""

    def ask(
        self, method: str, path: str, body: bytes | None = None, known: bool = True, kind: str = "application/json"
    ) -> tuple[int, Any]:
        headers = {"content-type": kind, **({"x-admin-token": ADMIN} if known else {})}
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        text = answer.read()
        is_json = (answer.getheader("content-type") or "").startswith("application/json")
        return answer.status, orjson.loads(text) if is_json and text else None

    def state(self) -> tuple[Any, ...]:
        """All that a refused request must leave alone."""
        paths = ("/api/accounts", "/api/config", "/api/proxy/status", "/api/proxy/preferred-account")
        return tuple(self.ask("GET", path) for path in paths)

    def close(self) -> None:
        self._connection.close()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    home = str(tmp_path_factory.mktemp("home"))
    with running_gateway(settings({}), {"CRAWDAD_ADMIN_TOKEN": ADMIN, "HOME": home, "PATH": "/nowhere"}) as found:
        yield found
        assert "Traceback" not in found.log()


@pytest.fixture
def door(gateway: Gateway, vendor: AccountVendor) -> Iterator[Door]:
    found = Door(gateway)
    vendor.open("sk-nonsense-0123456789")
    order = {"provider": "acme", "apiKey": "sk-nonsense-0123456789", "label": "one", "baseUrl": vendor.url + "/v1"}
    status, account = found.ask("POST", "/api/accounts", orjson.dumps(order))
    assert status == 200
    found.account = account["id"]
    yield found
    found.close()


def is_told_well(status: int, told: Any) -> bool:
    if status < 400:
        return True
    in_words = isinstance(told, dict) and isinstance(told.get("error"), str) and bool(told["error"])
    return in_words and (status < 500 or status in HONEST_FAILURES) and told.keys() <= {"error", "code", "param", "ok"}


def filled(path: str, account: str) -> str:
    return path.replace(":id", account, 1).replace(":id", "nothing")


def test_all_routes_of_the_document_are_listed() -> None:
    assert len([line for line in DOCUMENTED if line]) == 32
    assert len(set(ROUTES)) == len(ROUTES)


def test_the_list_is_that_of_the_contracts() -> None:
    table = Path(__file__).parents[4] / "shared" / "contracts" / "routes.csv"
    if not table.is_file():
        pytest.skip("the table of the contracts' routes is not beside the project")
    rows = [line.split(",") for line in table.read_text().splitlines()]
    assert {(row[1], row[2]) for row in rows if row[0] == "opsclaw"} == {
        tuple(line.split()) for line in DOCUMENTED if line
    }


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_route_is_there_for_those_who_may_and_for_nobody_else(door: Door, method: str, path: str) -> None:
    before = door.state()
    status, told = door.ask(method, filled(path, door.account), b"{}" if method == "POST" else None, known=False)
    if path == "/api/health":
        assert status == 200
        return
    assert status == 401 and told.keys() == {"error", "code"} and door.state() == before
    status, told = door.ask(method, filled(path, "nobody"), b"[]" if method == "POST" else None)
    assert status != 405 and (status != 404 or told["code"] != "not_found" or path == "/api/logs/:id")
    assert is_told_well(status, told)


@pytest.mark.parametrize(("method", "path"), WRITING)
def test_a_body_that_makes_no_sense_changes_nothing(door: Door, method: str, path: str) -> None:
    chance, where = random.Random(path), filled(path, door.account)
    bodies = [(body, "application/json") for body in BROKEN]
    bodies += [(b"{}", "text/plain"), (b"a=b", "application/x-www-form-urlencoded")]
    for field in chance.sample(FIELDS, 25):
        bodies.append((orjson.dumps({field: chance.choice(VALUES)}), "application/json"))
    for _ in range(10):
        several = {field: chance.choice(VALUES) for field in chance.sample(FIELDS, 8)}
        bodies.append((orjson.dumps(several), "application/json"))
    before = door.state()
    for body, kind in bodies:
        status, told = door.ask(method, where, body, kind=kind)
        assert is_told_well(status, told), (status, told, body[:200])
        if status < 400:
            before = door.state()
        elif (after := door.state()) != before:
            pytest.fail(f"{status} for {body[:200]!r}, and yet it changed {before} to {after}")


@pytest.mark.parametrize("path", [path for method, path in ROUTES if method == "GET"])
def test_a_query_that_makes_no_sense_is_refused_or_passed_over(door: Door, path: str) -> None:
    for name in QUERIES:
        for value in QUERY_VALUES:
            query = urlencode({name: value.encode("utf-8", "surrogateescape")})
            status, told = door.ask("GET", f"{filled(path, door.account)}?{query}")
            assert is_told_well(status, told) and status < 500, (name, value, status, told)


@pytest.mark.parametrize(("method", "path"), [(method, path) for method, path in ROUTES if ":id" in path])
def test_a_name_that_nobody_has_is_a_404(door: Door, method: str, path: str) -> None:
    body = orjson.dumps({"enable": False, "name": "x", "mode": "generate"}) if method in ("POST", "PATCH") else None
    before = door.state()
    for name in NAMES:
        status, told = door.ask(method, path.replace(":id", name), body)
        assert status == 404 and is_told_well(status, told) and door.state() == before, (name, status, told)
