"""What a save of the configuration changes in the running server, at once and without a restart; and what it leaves for one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.api.opsclaw.asking import ADMIN, Client
from tests.support.server import Gateway, running_gateway, settings
from tests.support.upstreams.accounts import AccountVendor
from tests.support.upstreams.faulty import FaultyUpstream
from tests.support.upstreams.fixtures import faulty_upstream  # noqa: F401
from tests.support.upstreams.protocols import provider
from tests.support.waiting import eventually

OLD, NEW = "sk-old-0123456789abcdef0123456789", "sk-new-0123456789abcdef0123456789"
SAY = [{"role": "user", "content": "please say hello to everybody"}]


@pytest.fixture(scope="module")
def gateway(
    faulty_upstream: FaultyUpstream,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Gateway]:
    """Its token stands in the file, not in the environment."""
    config = settings(
        {"faulty": provider("chat", faulty_upstream.url, [], discover=False)},
        gateway={"auth": {"token": OLD, "adminToken": ADMIN}},
        retry={"attempts": 1},
        accounts={"refreshMinutes": 0},
    )
    with running_gateway(config, {"CRAWDAD_TOKEN": ""}, home=tmp_path_factory.mktemp("home")) as found:
        found.token = OLD
        yield found


@pytest.fixture
def admin(gateway: Gateway) -> Client:
    return Client(gateway, ADMIN)


def save(admin: Client, **proxy: Any) -> Any:
    told = admin.post("/api/config", {"config": {"proxy": proxy}})
    assert told.status == 200, told
    return told.body


def test_a_new_api_key_counts_at_once_and_the_old_one_ends(gateway: Gateway, admin: Client, tmp_path: Path) -> None:
    assert Client(gateway, OLD, "x-api-key").get("/v1/models").status == 200
    saved = save(admin, api_key=NEW)
    assert saved["changed"] == ["proxy.api_key"] and saved["overridden"] == {} and saved["restart_required"] is False
    assert Client(gateway, OLD, "x-api-key").get("/v1/models").status == 401
    assert Client(gateway, NEW, "x-api-key").get("/v1/models").status == 200
    assert NEW not in (gateway.home / "openclaw.json").read_text(), "it is kept encrypted"
    gateway.kill()
    gateway.start()
    assert Client(gateway, NEW, "x-api-key").get("/v1/models").status == 200
    save(admin, api_key=OLD)


def test_a_new_administrators_password_counts_at_once(gateway: Gateway, admin: Client) -> None:
    save(admin, admin_password="another-admin-0123456789")
    assert admin.get("/api/config").status == 401
    other = Client(gateway, "another-admin-0123456789")
    assert other.get("/api/config").status == 200
    save(other, admin_password=ADMIN)
    assert other.get("/api/config").status == 401 and admin.get("/api/config").status == 200


def test_the_time_out_counts_for_the_next_request(gateway: Gateway, admin: Client) -> None:
    save(admin, request_timeout=1)
    told = Client(gateway, OLD, "x-api-key").post(
        "/v1/chat/completions", {"model": "faulty/fault:silent", "messages": SAY}
    )
    assert told.status == 504 and told.body["error"]["message"]
    save(admin, request_timeout=300)


def test_bodies_are_kept_as_long_as_that_is_wanted(gateway: Gateway, admin: Client) -> None:
    user = Client(gateway, OLD, "x-api-key")

    def newest() -> Any:
        entry = admin.get("/api/logs?limit=1").body[0]
        return admin.get(f"/api/logs/{entry['id']}").body["request_body"]

    for wanted in (False, True, False):
        save(admin, enable_logging=wanted)
        assert user.post("/v1/chat/completions", {"model": "crawdad/demo", "messages": SAY}).status == 200
        assert (newest() is not None) is wanted
    save(admin, enable_logging=True)


def test_scheduling_and_quota_protection_count_for_the_next_request(gateway: Gateway, admin: Client) -> None:
    user = Client(gateway, OLD, "x-api-key")
    with AccountVendor() as vendor:
        for number in range(2):
            key = vendor.open(f"sk-scheduled-{number}-0123456789", requests=100)
            body = {"provider": "acme", "apiKey": key.secret, "baseUrl": vendor.url + "/v1", "label": f"a{number}"}
            assert admin.post("/api/accounts", {**body, "priority": 0}).status == 200

        def served(times: int = 4) -> set[str]:
            body = {"model": "acme/vendor-large", "messages": SAY, "user": "one-conversation"}
            told = [user.post("/v1/chat/completions", body) for _ in range(times)]
            assert {each.status for each in told} == {200}, told
            return {each.headers["x-account-email"] for each in told}

        assert len(served()) == 1, "a conversation stays"
        save(admin, scheduling={"mode": "PerformanceFirst"})
        assert len(served()) == 2, "and now every request takes the next account"
        save(admin, scheduling={"mode": "Balance"})
        assert len(served()) == 1
        for one in admin.get("/api/accounts").body["accounts"]:
            assert one["protected_models"] == []
        change = {"quota_protection": {"enabled": True, "threshold_percentage": 99, "monitored_models": ["vendor-*"]}}
        assert admin.post("/api/config", change).status == 200
        told = user.post("/v1/chat/completions", {"model": "acme/vendor-large", "messages": SAY})
        assert told.status == 429 and told.body["error"]["code"] == "quota_protected"

        def protected() -> bool:
            return all(one["protected_models"] for one in admin.get("/api/accounts").body["accounts"])

        eventually(protected, "the protection to be shown")
        assert admin.post("/api/config", {"quota_protection": {"enabled": False}}).status == 200
        assert served(1)


def test_the_port_waits_for_a_restart_and_says_so(gateway: Gateway, admin: Client) -> None:
    saved = admin.post("/api/config", {"config": {"proxy": {"port": 8045}}}).body
    assert saved["overridden"] == {"proxy.port": "CRAWDAD_PORT"}
    assert orjson.loads((gateway.home / "openclaw.json").read_bytes())["gateway"]["port"] == 8045
    assert admin.get("/api/proxy/status").body["port"] == gateway.port
    lan = save(admin, allow_lan_access=True)
    assert lan["restart_required"] is True
    assert admin.get("/api/config").body["proxy"]["allow_lan_access"] is True
    save(admin, allow_lan_access=False)
