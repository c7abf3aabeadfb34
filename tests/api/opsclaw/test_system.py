"""The rest of what clients of the contract ask for: honest answers of a server."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.opsclaw.asking import ADMIN, Client
from tests.simulators.package_index import package_index, wheel_name
from tests.support.server import TOKEN, Gateway, running_gateway, settings
from tests.support.upstreams.scripted import ScriptedUpstream


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    config = settings({}, gateway={"privateNetworks": True})
    with package_index() as index:
        index.files = {wheel_name("99.0"): b"never fetched"}
        env = {"CRAWDAD_ADMIN_TOKEN": ADMIN, "CRAWDAD_UPDATE_INDEX": f"{index.url}/simple"}
        with running_gateway(config, env) as found:
            yield found


@pytest.fixture
def admin(gateway: Gateway) -> Client:
    return Client(gateway, ADMIN)


def test_the_data_directory_is_a_string(gateway: Gateway, admin: Client) -> None:
    assert admin.get("/api/system/data-dir").body == str(gateway.home)


def test_what_panels_ask_of_updates(admin: Client) -> None:
    told = admin.get("/api/system/updates/settings").body
    assert told == {"auto_check": False, "last_check_time": 0, "check_interval_hours": 24}
    assert admin.get("/api/system/updates/check-status").body is False
    found = admin.post("/api/system/updates/check").body
    assert (found["has_update"], found["latest_version"]) == (True, "99.0")
    assert set(found) == {
        "current_version",
        "latest_version",
        "has_update",
        "download_url",
        "release_notes",
        "published_at",
    }
    for body in ({"auto_check": True}, {"settings": {"check_interval_hours": 12}}):
        assert admin.post("/api/system/updates/save", body).status == 200
    assert admin.get("/api/system/updates/settings").body["check_interval_hours"] == 12
    assert admin.get("/api/system/updates/settings").body["auto_check"] is True
    assert admin.post("/api/system/updates/touch").body["last_check_time"] > 1_700_000_000
    assert admin.post("/api/system/updates/save", {"check_interval_hours": "often"}).status == 422
    assert admin.post("/api/system/updates/save", {"settings": 1}).status == 422


def test_a_server_opens_no_folders_and_starts_with_no_desktop(admin: Client) -> None:
    assert admin.get("/api/system/autostart/status").body is False
    for path in ("/api/system/autostart/toggle", "/api/system/open-folder"):
        told = admin.post(path, {"enable": True})
        assert told.status == 501 and told.error
    assert admin.get("/api/system/antigravity/path").status == 404


def test_the_http_api_is_on(gateway: Gateway, admin: Client) -> None:
    assert admin.get("/api/system/http-api/settings").body == {"enabled": True, "port": gateway.port}
    told = admin.post("/api/system/http-api/settings", {"enabled": True, "port": 8045})
    assert told.status == 200 and told.body["overridden"] == {"proxy.port": "CRAWDAD_PORT"}
    assert admin.post("/api/system/http-api/settings", {"enabled": False, "port": 8045}).status == 400
    assert admin.post("/api/system/http-api/settings", {"enabled": True, "port": 99999}).status == 422


def test_files_are_saved_in_one_folder(gateway: Gateway, admin: Client) -> None:
    told = admin.post("/api/system/save-file", {"path": "accounts 账号.json", "content": "[]"})
    place = gateway.home / "exports" / "accounts 账号.json"
    assert told.status == 200 and told.body["path"] == str(place) and place.read_text() == "[]"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    again = admin.post("/api/system/save-file", {"path": str(place), "content": "[1]"})
    assert again.status == 200 and place.read_text() == "[1]"


@pytest.mark.parametrize(
    "path",
    ["/etc/cron.d/x", "../openclaw.json", "a/../../x", "a/b", ".bashrc", "", "x\0y", "C:\\x", "-rf", "x" * 300, "a\nb"],
)
def test_and_nowhere_else(gateway: Gateway, admin: Client, path: str) -> None:
    before = (gateway.home / "openclaw.json").read_text()
    told = admin.post("/api/system/save-file", {"path": path, "content": "evil"})
    assert told.status in (400, 422) and told.error
    assert (gateway.home / "openclaw.json").read_text() == before


def test_a_link_in_the_folder_leads_nowhere(gateway: Gateway, admin: Client) -> None:
    admin.post("/api/system/save-file", {"path": "first.txt", "content": "x"})
    (gateway.home / "exports" / "link.txt").symlink_to(gateway.home / "openclaw.json")
    before = (gateway.home / "openclaw.json").read_text()
    assert admin.post("/api/system/save-file", {"path": "link.txt", "content": "evil"}).status == 403
    assert (gateway.home / "openclaw.json").read_text() == before


def test_models_of_an_address_are_asked_for(scripted_upstream: ScriptedUpstream, admin: Client) -> None:
    body: Any = {"zai": {"api_key": "k-0123456789", "base_url": scripted_upstream.url}, "upstream_proxy": {}}
    told = admin.post("/api/zai/models/fetch", body)
    assert told.status == 200 and "story:hello" in told.body
    assert admin.post("/api/zai/models/fetch", {"zai": {"base_url": "file:///x"}}).status == 422
    dead = admin.post("/api/zai/models/fetch", {"zai": {"base_url": "http://127.0.0.1:9"}})
    assert dead.status == 502 and dead.error and "k-0123456789" not in str(dead.body)


def test_addresses_of_private_networks_are_refused(scripted_upstream: ScriptedUpstream) -> None:
    zai = {"enabled": True, "api_key": "zai-secret-0123456789", "base_url": "https://api.z.ai/api/anthropic"}
    with running_gateway(settings({}), {"CRAWDAD_ADMIN_TOKEN": ADMIN}) as gateway:
        admin = Client(gateway, ADMIN)
        assert admin.post("/api/config", {"proxy": {"zai": zai}}).status == 200
        scripted_upstream.journal.clear()
        told = admin.post("/api/zai/models/fetch", {"zai": {"base_url": scripted_upstream.url}})
        assert told.status >= 400 and len(scripted_upstream.journal) == 0


def test_all_of_it_is_for_administrators(gateway: Gateway) -> None:
    user = Client(gateway, TOKEN, "x-api-key")
    for path in ("data-dir", "updates/settings", "updates/check-status", "autostart/status", "http-api/settings"):
        assert user.get(f"/api/system/{path}").status == 401
    for path in ("system/save-file", "system/updates/touch", "zai/models/fetch", "system/open-folder"):
        assert user.post(f"/api/{path}", {}).status == 401
