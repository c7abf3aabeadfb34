"""ClawPanel's own settings, a view on Crawdad's: clawpanel.md §1.9, §6.1, §8 (8, 15)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest

from tests.api.clawpanel.listening import Listener
from tests.api.clawpanel.panel import Panel
from tests.simulators.onebot import SELF_ID, OneBotSimulator
from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import eventually

MASK = "********"
NAPCAT = "napcat-secret-token"


BLOCK = {"wsUrl": "ws://127.0.0.1:9", "accessToken": NAPCAT, "enabled": False}


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with running_gateway(settings({}, channels={"qq": BLOCK})) as made:
        yield made


@pytest.fixture
def panel(gateway: Gateway) -> Iterator[Panel]:
    found = Panel(gateway)
    yield found
    for section, value in (
        ("qq", {}),
        ("napcat", {"wsUrl": BLOCK["wsUrl"], "accessToken": NAPCAT}),
        ("mine", {}),
        ("server", {}),
    ):
        assert put(found, value, section).status_code == 200  # as it was before
    found.close()


def config(panel: Panel) -> dict[str, Any]:
    found: dict[str, Any] = panel.get("/api/admin/config")["config"]
    return found


def written(panel: Panel) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads((panel.gateway.home / "openclaw.json").read_bytes())
    return found


def put(panel: Panel, body: Any, section: str = "") -> httpx.Response:
    return panel.ask("PUT", f"/api/admin/config{'/' if section else ''}{section}", body)


def saved(panel: Panel, body: Any, section: str = "") -> list[str]:
    answer = put(panel, body, section)
    assert (answer.status_code, answer.json()["ok"]) == (200, True), answer.text
    changed: list[str] = answer.json()["changed"]
    return changed


def test_it_has_every_key_with_the_value_in_effect_and_no_secret(panel: Panel) -> None:
    answer = panel.ask("GET", "/api/admin/config")
    found = answer.json()["config"]
    assert set(found) == {"server", "system", "openclaw", "napcat", "wechat", "qq"}
    assert found["server"] == {"port": panel.gateway.port, "host": "127.0.0.1", "token": MASK}
    assert found["system"] == {"sudoPassword": ""}
    assert found["openclaw"]["autoSetup"] is True and found["openclaw"]["configPath"].endswith("openclaw.json")
    assert found["napcat"] == {"wsUrl": "ws://127.0.0.1:9", "accessToken": MASK, "webuiPort": 6099, "webuiToken": ""}
    callback = {"callbackSecret": "", "callbackFrom": []}
    assert found["wechat"] == {"apiUrl": "", "token": "", "enabled": True, "autoReply": True, **callback}
    qq = found["qq"]
    assert (qq["ownerQQ"], qq["antiRecall"], qq["poke"]["enabled"]) == (0, {"enabled": True}, True)
    assert len(qq["poke"]["replies"]) == 4 and "{nickname}" in qq["welcome"]["template"]
    assert (qq["welcome"]["enabled"], qq["welcome"]["delayMs"]) == (True, 1500)
    assert qq["autoApprove"] == {
        "friend": {"enabled": False, "pattern": ""},
        "group": {"enabled": False, "pattern": "", "rules": []},
    }
    assert qq["notifications"] == dict.fromkeys(
        ("memberChange", "adminChange", "banNotice", "antiRecall", "pokeReply", "honorNotice"), True
    )
    assert qq["rateLimit"] == {
        "wakeProbability": 0,
        "minIntervalSec": 0,
        "wakeTrigger": {"mode": "any", "mentionName": True, "atBot": True, "keywords": [], "directMessage": True},
        "errorDedup": {"enabled": True, "thresholdSec": 300},
    }
    assert NAPCAT not in answer.text and panel.gateway.token not in answer.text


def test_what_was_read_can_be_sent_back_and_changes_nothing(panel: Panel) -> None:
    before, file = config(panel), (panel.gateway.home / "openclaw.json").read_bytes()
    assert saved(panel, before) == []
    for section, value in before.items():
        assert saved(panel, value, section) == []
    assert config(panel) == before
    assert (panel.gateway.home / "openclaw.json").read_bytes() == file


def test_a_part_is_merged_into_the_one_configuration(panel: Panel) -> None:
    part = {"qq": {"ownerQQ": 42, "poke": {"replies": ["hey"]}, "rateLimit": {"wakeTrigger": {"keywords": ["claw"]}}}}
    assert sorted(saved(panel, part)) == ["qq.ownerQQ", "qq.poke.replies", "qq.rateLimit.wakeTrigger.keywords"]
    block = written(panel)["channels"]["qq"]
    assert (block["ownerQQ"], block["poke"], block["wsUrl"]) == ("42", {"replies": ["hey"]}, "ws://127.0.0.1:9")
    found = config(panel)["qq"]
    assert (found["ownerQQ"], found["poke"]) == (42, {"enabled": True, "replies": ["hey"]})
    assert found["rateLimit"]["wakeTrigger"]["keywords"] == ["claw"]
    assert saved(panel, {"qq": {"ownerQQ": 0}}) == ["qq.ownerQQ"]
    assert config(panel)["qq"]["ownerQQ"] == 0
    entry = eventually(lambda: panel.get("/api/events", search="配置已更改")["entries"], "the line")[0]
    assert entry["type"] == "system.configuration" and "channels" in entry["summary"]


def test_a_section_is_replaced_and_what_it_does_not_name_is_as_if_nobody_had_said_anything(panel: Panel) -> None:
    saved(panel, {"qq": {"ownerQQ": 42, "welcome": {"delayMs": 9, "enabled": False}, "mine": 1}})
    assert sorted(saved(panel, {"welcome": {"delayMs": 10}}, "qq")) == [
        "qq.ownerQQ",
        "qq.welcome.delayMs",
        "qq.welcome.enabled",
    ]
    found = config(panel)["qq"]
    assert (found["ownerQQ"], found["welcome"]["delayMs"], found["welcome"]["enabled"]) == (0, 10, True)
    assert "mine" not in found and found["notifications"]["pokeReply"] is True
    assert saved(panel, {}, "server") == [], "nobody is shut out by leaving something away"
    assert saved(panel, {"wsUrl": "ws://127.0.0.1:8"}, "napcat") == ["napcat.wsUrl"]
    assert config(panel)["napcat"]["accessToken"] == MASK


def test_unknown_keys_and_sections_are_kept(panel: Panel) -> None:
    assert (
        saved(panel, {"mine": {"a": [1, {"b": None}]}, "qq": {"ofMine": {"x": 1}}, "server": {"theme": "dark"}}) == []
    )
    assert saved(panel, {"mine": {"c": 2}, "qq": {"ofMine": {"y": 2}}}) == []
    found = config(panel)
    assert found["mine"] == {"a": [1, {"b": None}], "c": 2}
    assert (found["qq"]["ofMine"], found["server"]["theme"]) == ({"x": 1, "y": 2}, "dark")
    assert saved(panel, {"only": True}, "mine") == []
    assert config(panel)["mine"] == {"only": True}
    panel.gateway.stop()
    panel.gateway.start()
    assert config(panel)["mine"] == {"only": True}


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"qq": 5}, "qq"),
        ({"qq": {"poke": []}}, "qq.poke"),
        ({"qq": {"poke": {"enabled": "yes"}}}, "qq.poke.enabled"),
        ({"qq": {"poke": {"enabled": 1}}}, "qq.poke.enabled"),
        ({"qq": {"poke": {"replies": "hey"}}}, "qq.poke.replies"),
        ({"qq": {"poke": {"replies": [1]}}}, "qq.poke.replies"),
        ({"qq": {"welcome": {"delayMs": "soon"}}}, "qq.welcome.delayMs"),
        ({"qq": {"welcome": {"delayMs": 3_600_001}}}, "qq.welcome.delayMs"),
        ({"qq": {"welcome": {"template": None}}}, "qq.welcome.template"),
        ({"qq": {"ownerQQ": "me"}}, "qq.ownerQQ"),
        ({"qq": {"ownerQQ": True}}, "qq.ownerQQ"),
        ({"qq": {"autoApprove": {"group": {"rules": ["x"]}}}}, "qq.autoApprove.group.rules"),
        ({"qq": {"autoApprove": {"friend": {"pattern": "x" * 301}}}}, "qq.autoApprove.friend.pattern"),
        ({"qq": {"rateLimit": {"wakeProbability": 101}}}, "qq.rateLimit.wakeProbability"),
        ({"qq": {"rateLimit": {"wakeTrigger": {"mode": "some"}}}}, "qq.rateLimit.wakeTrigger.mode"),
        ({"napcat": {"wsUrl": "http://127.0.0.1"}}, "napcat.wsUrl"),
        ({"napcat": {"webuiPort": 0}}, "napcat.webuiPort"),
        ({"wechat": {"apiUrl": "file:///etc/passwd"}}, "wechat.apiUrl"),
        ({"wechat": {"enabled": None}}, "wechat.enabled"),
        ({"server": {"port": "80"}}, "server.port"),
        ({"server": {"token": ""}}, "server.token"),
        ({"openclaw": {"configPath": "/etc/passwd"}}, "openclaw.configPath"),
        ({"system": {"sudoPassword": "secret"}}, "system.sudoPassword"),
    ],
)
def test_a_wrong_value_is_named_and_nothing_is_changed(panel: Panel, body: dict[str, Any], key: str) -> None:
    before = config(panel)
    answer = put(panel, {**body, "mine": 1})
    assert (answer.status_code, answer.json()["ok"], answer.json()["param"]) == (400, False, key), answer.text
    assert key in answer.json()["error"]
    assert "_" not in answer.json()["error"].replace(str(panel.gateway.home), ""), "it is told in words"
    assert config(panel) == before


def test_secrets_are_set_kept_and_taken_away(panel: Panel) -> None:
    assert saved(panel, {"napcat": {"accessToken": "another-token", "webuiToken": "w", "webuiPort": 7000}}) == [
        "napcat.accessToken",
        "napcat.webuiToken",
        "napcat.webuiPort",
    ]
    text = (panel.gateway.home / "openclaw.json").read_text()
    assert "another-token" not in text, "it is sealed"
    block = written(panel)["channels"]["qq"]
    assert block["napcat"]["webUrl"] == "http://127.0.0.1:7000"
    assert config(panel)["napcat"] == {
        "wsUrl": "ws://127.0.0.1:9",
        "accessToken": MASK,
        "webuiPort": 7000,
        "webuiToken": MASK,
    }
    assert saved(panel, {"napcat": {"accessToken": MASK}}) == []
    assert saved(panel, {"napcat": {"accessToken": ""}}) == ["napcat.accessToken"]
    assert config(panel)["napcat"]["accessToken"] == ""


def test_a_new_password_ends_the_old_ones_tokens_and_opens_the_door() -> None:
    fresh = "a-fresh-admin-token-0123456789"
    with running_gateway(settings({})) as gateway:
        panel = Panel(gateway)
        assert saved(panel, {"server": {"token": fresh}}) == ["server.token"]
        assert panel.ask("GET", "/api/admin/config").status_code == 403, "the gateway's own token administers no more"
        other = Panel(gateway, fresh)
        assert config(other)["server"]["token"] == MASK
        saved(other, {"server": {"token": f"{fresh}-2"}})
        assert other.ask("GET", "/api/status").status_code == 401
        panel.close()
        other.close()


def test_rights(panel: Panel) -> None:
    def key(*permissions: str) -> dict[str, str]:
        body = {"name": "k", "permissions": list(permissions)}
        made = panel.ask("POST", "/api/keys", body, headers={"x-admin-token": panel.gateway.token})
        return {"authorization": f"Bearer {made.json()['key']}"}

    reader, writer = key("config.read"), key("config.read", "config.write")
    assert panel.ask("GET", "/api/admin/config", headers=reader).status_code == 200
    assert panel.ask("PUT", "/api/admin/config", {"mine": 1}, headers=reader).status_code == 403
    assert panel.ask("PUT", "/api/admin/config", {"qq": {"ownerQQ": 7}}, headers=writer).status_code == 200
    for body in ({"server": {"token": "x" * 30}}, {"server": {"port": 1}}, {"napcat": {"accessToken": "x"}}):
        assert panel.ask("PUT", "/api/admin/config", body, headers=writer).status_code == 403
    assert panel.ask("GET", "/api/admin/config", headers={"authorization": ""}).status_code == 401


def test_many_who_save_at_once_lose_nothing(panel: Panel) -> None:
    def save(number: int) -> None:
        assert (
            put(
                panel, {"mine": {str(number): number}, "qq": {"notifications": {"honorNotice": number % 2 == 0}}}
            ).status_code
            == 200
        )

    threads = [threading.Thread(target=save, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert config(panel)["mine"] == {str(number): number for number in range(8)}


def test_a_changed_address_is_connected_to_at_once(panel: Panel) -> None:
    with OneBotSimulator() as qq, Listener(panel.gateway, f"?token={panel.token}") as live:
        patch = {"napcat": {"wsUrl": qq.url, "accessToken": qq.token}}
        assert saved(panel, patch) == ["napcat.wsUrl", "napcat.accessToken"]
        panel.gateway.write_config(
            {**written(panel), "channels": {"qq": {**written(panel)["channels"]["qq"], "enabled": True}}}
        )
        frame = live.until(lambda one: one["type"] == "napcat-status" and one["data"]["connected"])
        assert frame["data"] == {"connected": True, "selfId": SELF_ID, "nickname": "Claw"}
