"""`/api/config` over a running server: shown, saved whole or in part, in effect at once, and never half written."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.api.opsclaw.asking import ADMIN, Client
from tests.support.server import TOKEN, Gateway, running_gateway
from tests.support.upstreams.scripted import ScriptedUpstream
from tests.support.waiting import eventually

TEXT = """// kept: the operator's own words
{
  gateway: { drainSeconds: 1 }, // kept too
  models: {
    discoverLocal: false,
    providers: {
      vendor: { baseUrl: "http://127.0.0.1:9/v1", apiKey: "sk-vendor-0123456789abcdef", models: ["m1", "m2"], discover: false },
    },
    rules: [
      { match: "weighted", targets: [{ model: "vendor/m1", weight: 2 }, { model: "vendor/m2" }] },
      { match: "plain-*", targets: [{ model: "vendor/m1" }] },
    ],
  },
  somethingUnknown: { stays: true },
}
"""


class Scene:
    """A gateway whose configuration file is a text with comments."""

    def __init__(self, home: Path, **env: str) -> None:
        self.home = home
        self.gateway = running_gateway({}, {"CRAWDAD_ADMIN_TOKEN": ADMIN, **env}, home=home)
        (home / "openclaw.json").write_text(TEXT)

    @property
    def text(self) -> str:
        return (self.home / "openclaw.json").read_text()

    def client(self) -> Client:
        return Client(self.gateway, ADMIN)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    found = Scene(tmp_path)
    with found.gateway:
        yield found


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """For tests that change nothing that another looks at."""
    found = Scene(tmp_path_factory.mktemp("shared"))
    with found.gateway:
        yield found


def make_key(gateway: Gateway, *permissions: str) -> str:
    """A key of its own, made as the operator makes one."""
    from crawdad.adapters.system import SystemClock, SystemRandomness
    from crawdad.core.identity import EVERYTHING, Permission, Principal
    from crawdad.services.identity.keys import KeyOrder, Keys
    from crawdad.store.changes import Changes
    from crawdad.store.database import open_database
    from crawdad.store.keys import KeyStore

    async def make() -> str:
        async with open_database(f"sqlite:///{gateway.home / 'crawdad.db'}") as database:
            keys = Keys(KeyStore(database), Changes(database), SystemClock(), SystemRandomness())
            rights = frozenset(Permission(each) for each in permissions)
            _, token = await keys.create(
                KeyOrder("-".join(permissions), rights), Principal("t", "local", "t", EVERYTHING)
            )
            return token

    token = asyncio.run(make())
    client = Client(gateway, token, "x-api-key")
    eventually(lambda: client.get("/api/config").status != 401, "the other process to take the key up")
    return token


def test_the_whole_object_is_shown_with_what_is_in_effect(shared: Scene) -> None:
    config = shared.client().get("/api/config").body
    proxy = config["proxy"]
    assert proxy["port"] == shared.gateway.port and proxy["api_key"] == TOKEN and proxy["admin_password"] == ADMIN
    assert proxy["allow_lan_access"] is False and proxy["auth_mode"] == "all_except_health"
    assert proxy["enabled"] is True and proxy["auto_start"] is True
    assert proxy["custom_mapping"] == {"plain-*": "vendor/m1"}
    assert proxy["scheduling"] == {"mode": "Balance", "max_wait_seconds": 60}
    assert config["quota_protection"]["threshold_percentage"] == 10
    assert config["language"] == "zh" and config["antigravity_executable"] is None
    assert set(config) >= {"theme", "auto_refresh", "refresh_interval", "auto_sync", "sync_interval", "auto_launch"}


def test_a_whole_object_posted_back_changes_nothing(scene: Scene) -> None:
    client = scene.client()
    before, config = scene.text, client.get("/api/config").body
    saved = client.post("/api/config", {"config": config})
    assert saved.status == 200 and saved.body["changed"] == [] and saved.body["restart_required"] is False
    assert client.get("/api/config").body == config
    after = scene.text
    assert TOKEN not in after and ADMIN not in after and str(scene.gateway.port) not in after
    assert "somethingUnknown" in after and after.count("kept") == before.count("kept")


def test_a_part_is_merged_and_comments_stay(scene: Scene) -> None:
    client = scene.client()
    saved = client.post("/api/config", {"proxy": {"request_timeout": 45}, "theme": "dark"})
    assert saved.status == 200
    assert set(saved.body["changed"]) == {"proxy.request_timeout", "theme"}
    config = client.get("/api/config").body
    assert config["proxy"]["request_timeout"] == 45 and config["theme"] == "dark"
    assert config["proxy"]["custom_mapping"] == {"plain-*": "vendor/m1"}
    assert "firstByteTimeoutSeconds: 45" in scene.text and "// kept too" in scene.text and "theme" not in scene.text


def test_unknown_keys_survive(scene: Scene) -> None:
    client = scene.client()
    body = {"config": {"brand_new": {"deep": [1, {"x": None}]}, "proxy": {"user_agent_override": "x"}}}
    assert client.post("/api/config", body).status == 200
    assert client.post("/api/config", {"language": "en"}).status == 200
    config = client.get("/api/config").body
    assert config["brand_new"] == {"deep": [1, {"x": None}]} and config["proxy"]["user_agent_override"] == "x"
    assert config["language"] == "en"


@pytest.mark.parametrize("key", ["proxy.port", "proxy.api_key", "proxy.custom_mapping", "proxy", "__proto__", "a.b"])
def test_a_strangers_key_with_a_dot_is_no_key_of_ours(scene: Scene, key: str) -> None:
    """What the environment says is not written down by a body that only looks as if it named it."""
    client, before = scene.client(), scene.text
    value: Any = {"proxy": {"proxy.port": 5, "x.y": 6}} if key == "proxy" else {key: {"api_key": "hidden-0123456789"}}
    saved = client.post("/api/config", {"config": value})
    assert saved.status == 200 and saved.body["overridden"] == {} and not saved.body["restart_required"]
    assert scene.text == before
    config = client.get("/api/config").body
    assert config["proxy"]["port"] == scene.gateway.port and config["proxy"]["api_key"] == TOKEN
    for name, item in value["proxy"].items() if key == "proxy" else value.items():
        assert (config["proxy"] if key == "proxy" else config)[name] == item
    reader = Client(scene.gateway, make_key(scene.gateway, "config.read"), "x-api-key")
    assert "hidden-0123456789" not in json.dumps(reader.get("/api/config").body)


@pytest.mark.parametrize(
    ("key", "body"),
    [
        ("proxy.port", {"proxy": {"port": "8045"}}),
        ("proxy.port", {"proxy": {"port": 0}}),
        ("proxy.port", {"proxy": {"port": True}}),
        ("proxy.auth_mode", {"proxy": {"auth_mode": "sometimes"}}),
        ("proxy", {"proxy": []}),
        ("proxy.custom_mapping", {"proxy": {"custom_mapping": ["a"]}}),
        ("proxy.custom_mapping.a", {"proxy": {"custom_mapping": {"a": 1}}}),
        ("proxy.custom_mapping", {"proxy": {"custom_mapping": {"a": "b", "b": "a"}}}),
        ("proxy.scheduling.mode", {"proxy": {"scheduling": {"mode": "balance"}}}),
        ("proxy.upstream_proxy.url", {"proxy": {"upstream_proxy": {"url": "file:///etc/passwd"}}}),
        ("proxy.upstream_proxy.url", {"proxy": {"upstream_proxy": {"url": "socks5://127.0.0.1:1"}}}),
        ("proxy.api_key", {"proxy": {"api_key": ""}}),
        ("proxy.api_key", {"proxy": {"api_key": "changeme"}}),
        ("proxy.api_key", {"proxy": {"api_key": None}}),
        ("quota_protection.threshold_percentage", {"quota_protection": {"threshold_percentage": 100}}),
        ("refresh_interval", {"config": {"refresh_interval": "often"}}),
        ("config", {"config": "everything"}),
    ],
)
def test_wrong_kinds_are_a_422_that_names_the_key(shared: Scene, key: str, body: Any) -> None:
    before, shown = shared.text, shared.client().get("/api/config").body
    told = shared.client().post("/api/config", {"theme": "dark", **body} if "config" not in body else body)
    assert told.status == 422, told
    assert told.body["param"] == key and key.split(".")[-1] in told.error
    assert shared.text == before and shared.client().get("/api/config").body == shown


@pytest.mark.parametrize(
    ("status", "body"),
    [(400, b"{"), (422, b"[]"), (422, b'"x"'), (400, b'{"a":' * 20_000), (422, b'{"a":' * 100 + b"1" + b"}" * 100)],
)
def test_nonsense_is_refused(shared: Scene, status: int, body: bytes) -> None:
    told = shared.client().post("/api/config", body)
    assert told.status == status and told.error


def test_what_panels_keep_is_bounded(shared: Scene) -> None:
    told = shared.client().post("/api/config", {"big": "x" * 300_000})
    assert told.status == 413 and told.error
    assert "big" not in shared.client().get("/api/config").body


def test_a_save_based_on_an_old_state_is_refused(scene: Scene) -> None:
    client = scene.client()
    etag = client.get("/api/config").headers["etag"]
    assert client.post("/api/config", {"theme": "dark"}, if_match=etag).status == 200
    stale = client.post("/api/config", {"proxy": {"request_timeout": 5}}, if_match=etag)
    assert stale.status == 409 and "request_timeout" not in scene.text
    fresh = client.get("/api/config").headers["etag"].strip('"')
    assert client.post("/api/config", {"config": {"theme": "light"}, "baseHash": fresh}).status == 200


def test_saves_at_once_lose_nothing(scene: Scene) -> None:
    client = scene.client()
    bodies: list[dict[str, Any]] = [{"proxy": {"custom_mapping": {"plain-*": "vendor/m2"}}}, {"theme": "dark"}]
    bodies += [{f"own_{number}": number} for number in range(8)] + [{"proxy": {"request_timeout": 77}}]
    with ThreadPoolExecutor(8) as pool:
        assert [told.status for told in pool.map(lambda body: client.post("/api/config", body), bodies)] == [200] * 11
    config = client.get("/api/config").body
    assert [config[f"own_{number}"] for number in range(8)] == list(range(8)) and config["theme"] == "dark"
    assert config["proxy"]["request_timeout"] == 77 and config["proxy"]["custom_mapping"] == {"plain-*": "vendor/m2"}


def test_the_environment_stays_above_and_is_never_written(scene: Scene) -> None:
    client = scene.client()
    saved = client.post("/api/config", {"proxy": {"port": 8045, "api_key": "sk-0123456789abcdef0123456789abcdef"}})
    assert saved.status == 200 and saved.body["overridden"] == {
        "proxy.port": "CRAWDAD_PORT",
        "proxy.api_key": "CRAWDAD_TOKEN",
    }
    config = client.get("/api/config").body
    assert config["proxy"]["port"] == scene.gateway.port and config["proxy"]["api_key"] == TOKEN
    assert "port: 8045" in scene.text and "enc:v1:" in scene.text and "sk-0123456789abcdef" not in scene.text
    assert Client(scene.gateway, TOKEN, "x-api-key").get("/v1/models").status == 200


def test_secrets_are_for_those_who_may_see_them(scene: Scene) -> None:
    zai = {"enabled": True, "api_key": "zai-secret-0123456789"}
    proxy = {"enabled": True, "url": "http://user:hushhush@127.0.0.1:9"}
    assert scene.client().post("/api/config", {"proxy": {"zai": zai, "upstream_proxy": proxy}}).status == 200
    reader = Client(scene.gateway, make_key(scene.gateway, "config.read"), "x-api-key")
    writer = Client(scene.gateway, make_key(scene.gateway, "config.read", "config.write"), "x-api-key")
    shown = reader.get("/api/config").body
    assert reader.post("/api/config", {"theme": "dark"}).status == 403
    for secret in (TOKEN, ADMIN, "zai-secret-0123456789", "hushhush"):
        assert secret not in json.dumps(shown)
    assert shown["proxy"]["upstream_proxy"]["url"] == "http://user:***@127.0.0.1:9"
    before = scene.text
    saved = writer.post("/api/config", {"config": shown})
    assert saved.status == 200 and saved.body["changed"] == [] and scene.text == before
    full = scene.client().get("/api/config").body["proxy"]
    assert full["zai"]["api_key"] == "zai-secret-0123456789" and full["api_key"] == TOKEN
    mangled = writer.post("/api/config", {"proxy": {"zai": {"api_key": "abcd…wxyz"}}})
    assert mangled.status == 422 and mangled.body["param"] == "proxy.zai.api_key"


@pytest.mark.parametrize(
    "change",
    [
        {"admin_password": "mine-now-0123456789"},
        {"api_key": "sk-mine-now-0123456789"},
        {"auth_mode": "off"},
        {"auth_mode": "auto"},
        {"zai": {"base_url": "https://evil.example"}},
        {"upstream_proxy": {"enabled": True, "url": "http://evil.example:1"}},
    ],
)
def test_a_key_that_may_write_does_not_make_itself_more(scene: Scene, change: dict[str, Any]) -> None:
    writer = Client(scene.gateway, make_key(scene.gateway, "config.read", "config.write"), "x-api-key")
    before = scene.text
    assert writer.post("/api/config", {"proxy": change}).status == 403
    assert scene.text == before


def test_the_administrators_password_must_be_another(tmp_path: Path) -> None:
    scene = Scene(tmp_path, CRAWDAD_ADMIN_TOKEN="")
    with scene.gateway:
        client = Client(scene.gateway, TOKEN, "authorization")
        told = client.post("/api/config", {"proxy": {"admin_password": TOKEN}})
        assert told.status == 400 or told.status == 422
        assert client.post("/api/config", {"proxy": {"admin_password": "another-one-0123456789"}}).status == 200
        assert client.get("/api/config").status == 401
        admin = Client(scene.gateway, "another-one-0123456789", "authorization")
        assert admin.get("/api/config").body["proxy"]["admin_password"] == "another-one-0123456789"
        assert "another-one" not in scene.text
        assert admin.post("/api/config", {"proxy": {"admin_password": ""}}).status == 200
        assert client.get("/api/config").status == 200


def test_authentication_is_switched_off_on_loopback_only(scene: Scene) -> None:
    client = scene.client()
    refused = client.post("/api/config", {"proxy": {"auth_mode": "off", "allow_lan_access": True}})
    assert refused.status == 422 and "none" not in scene.text
    assert client.post("/api/config", {"proxy": {"auth_mode": "auto"}}).status == 200
    nobody = Client(scene.gateway)
    assert nobody.get("/v1/models").status == 200
    assert nobody.get("/api/config").body["proxy"]["auth_mode"] == "auto"
    lan = nobody.post("/api/config", {"proxy": {"allow_lan_access": True}})
    assert lan.status == 200 and lan.body["restart_required"] is True
    assert nobody.get("/v1/models").status == 401
    assert client.post("/api/config", {"proxy": {"auth_mode": "strict"}}).status == 200
    assert client.get("/api/config").body["proxy"]["auth_mode"] == "strict"


def test_settings_of_the_accounts_and_the_log_go_by_other_names(scene: Scene) -> None:
    client = scene.client()
    change = {
        "auto_refresh": False,
        "quota_protection": {"enabled": True, "threshold_percentage": 25, "monitored_models": ["m1"]},
        "proxy": {"scheduling": {"mode": "CacheFirst", "max_wait_seconds": 5}, "enable_logging": False},
    }
    assert client.post("/api/config", change).body["no_effect"] == []
    config = client.get("/api/config").body
    for place, value in ({key: change[key] for key in ("auto_refresh", "quota_protection")}).items():
        assert config[place] == value
    assert config["proxy"]["scheduling"] == {"mode": "CacheFirst", "max_wait_seconds": 5}
    assert config["proxy"]["enable_logging"] is False
    assert config["refresh_interval"] == 15
    for written in (
        'mode: "CacheFirst"',
        "maxWaitSeconds: 5",
        "thresholdPercentage: 25",
        'capture: "off"',
        "refreshMinutes: 0",
    ):
        assert written in scene.text
    back = {"auto_refresh": True, "refresh_interval": 7, "proxy": {"enable_logging": True}}
    assert client.post("/api/config", back).status == 200
    assert "refreshMinutes: 7" in scene.text and 'capture: "all"' in scene.text
    assert client.get("/api/config").body["refresh_interval"] == 7


def test_the_upstream_proxy_is_the_way_out_for_all_providers(scripted_upstream: ScriptedUpstream, scene: Scene) -> None:
    client = scene.client()
    vendor = {"baseUrl": "http://vendor.example/v1", "models": ["story:hello"], "discover": False, "auth": "none"}
    text = scene.text.replace("providers: {", f"providers: {{ far: {json.dumps(vendor)},", 1)
    (scene.home / "openclaw.json").write_text(text)
    proxy = {"enabled": True, "url": scripted_upstream.url}
    assert client.post("/api/config", {"proxy": {"upstream_proxy": proxy}}).status == 200
    assert client.get("/api/proxy/status").body["url"] == scripted_upstream.url
    scripted_upstream.journal.clear()
    body = {"model": "far/story:hello", "messages": [{"role": "user", "content": "hi"}]}
    assert Client(scene.gateway, TOKEN, "x-api-key").post("/v1/chat/completions", body).status == 200
    assert len(scripted_upstream.journal) == 1
    assert client.post("/api/config", {"proxy": {"upstream_proxy": {"enabled": False}}}).status == 200
    config = client.get("/api/config").body["proxy"]["upstream_proxy"]
    assert config == {"enabled": False, "url": scripted_upstream.url} and scripted_upstream.url not in scene.text


def test_keys_without_effect_are_told(shared: Scene) -> None:
    later = {"security_monitor": {"blacklist": {"enabled": True}}, "global_system_prompt": {"enabled": True}}
    body = {"auto_launch": True, "proxy": {"experimental": {"enable_usage_scaling": True}, **later}}
    saved = shared.client().post("/api/config", body)
    assert sorted(saved.body["no_effect"]) == [
        "auto_launch",
        "proxy.experimental.enable_usage_scaling",
        "proxy.global_system_prompt",
        "proxy.security_monitor",
    ]


def test_z_ai_is_a_provider_with_rules(scene: Scene) -> None:
    client = scene.client()
    zai = {
        "enabled": True,
        "api_key": "zai-secret-0123456789",
        "dispatch_mode": "exclusive",
        "base_url": "http://127.0.0.1:9",
    }
    assert client.post("/api/config", {"proxy": {"zai": zai}}).status == 200
    tried = client.post("/api/proxy/mapping/test", {"model": "claude-opus-4-5", "protocol": "anthropic"}).body
    assert tried["mapped_model"] == "zai-anthropic/glm-4.7" and tried["steps"][0]["by"] == "claude-*opus*"
    haiku = client.post("/api/proxy/mapping/test", {"model": "claude-haiku-4-5", "protocol": "anthropic"}).body
    assert haiku["mapped_model"] == "zai-anthropic/glm-4.5-air"
    assert (
        client.post("/api/proxy/mapping/test", {"model": "claude-opus-4-5", "protocol": "openai"}).body["found"]
        is False
    )
    config = client.get("/api/config").body["proxy"]
    assert config["custom_mapping"] == {"plain-*": "vendor/m1"} and config["zai"]["dispatch_mode"] == "exclusive"
    mapping = {"plain-*": "vendor/m1", "claude-*": "vendor/m2"}
    change = {"custom_mapping": mapping, "zai": {"dispatch_mode": "fallback"}}
    assert client.post("/api/config", {"proxy": change}).status == 200
    tried = client.post("/api/proxy/mapping/test", {"model": "claude-x", "protocol": "anthropic"}).body
    assert [offer["model"] for offer in tried["offers"]] == ["vendor/m2", "zai-anthropic/glm-4.7"]
    assert client.post("/api/config", {"proxy": {"zai": {"enabled": False}}}).status == 200
    tried = client.post("/api/proxy/mapping/test", {"model": "claude-x", "protocol": "anthropic"}).body
    assert [offer["model"] for offer in tried["offers"]] == ["vendor/m2"]
    assert client.get("/api/config").body["proxy"]["zai"]["api_key"] == "zai-secret-0123456789"


def test_keys_beside_z_ais_families_are_kept_whatever_they_hold(scene: Scene) -> None:
    models = {"opus": "glm-4.7", "later": {"name": "glm-5"}, "none": None, "list": [1]}
    assert scene.client().post("/api/config", {"proxy": {"zai": {"models": models}}}).status == 200
    shown = scene.client().get("/api/config").body["proxy"]["zai"]["models"]
    assert shown["later"] == {"name": "glm-5"} and shown["list"] == [1]


def test_an_included_file_that_says_otherwise_refuses_the_save(scene: Scene) -> None:
    (scene.home / "more.json5").write_text("{ rules: [{ match: 'inc', targets: [{ model: 'vendor/m1' }] }] }")
    text = scene.text.replace("discoverLocal: false,", "discoverLocal: false, $include: './more.json5',")
    (scene.home / "openclaw.json").write_text(text)
    client = scene.client()
    assert "inc" in client.get("/api/config").body["proxy"]["custom_mapping"]
    told = client.post("/api/config", {"theme": "dark", "proxy": {"custom_mapping": {"a": "vendor/m1"}}})
    assert told.status == 422 and scene.text == text
    assert client.get("/api/config").body["theme"] == "system"
