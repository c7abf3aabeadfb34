"""`/api/openclaw/*`: clawpanel.md §1.7, the acceptance item 12 of §9, and what saves must never lose."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.api.clawpanel.panel import Panel
from tests.support.server import running_gateway
from tests.support.waiting import PATIENCE

KEY = "sk-openclaw-test-0123456789"
MASK = "__OPENCLAW_REDACTED__"
FILE = """{
  // what the operator wrote
  models: {
    discoverLocal: false,
    providers: { acme: { baseUrl: "http://127.0.0.1:9/v1", apiKey: "sk-openclaw-test-0123456789", models: [{ id: "m1" }] } },
  },
  agents: { defaults: { model: "acme/m1" } },
  tools: { profile: "coding" }, // stays
  session: { scope: "per-sender" },
  cron: { enabled: true, jobs: [{ id: "old" }] },
  channels: { qq: { enabled: false, wsUrl: "ws://127.0.0.1:9", groups: { "1": { requireMention: true } } } },
  strange: { kept: 1 },
}
"""


@pytest.fixture(scope="module")
def opened() -> Iterator[tuple[Panel, str]]:
    """A panel, and the file as the gateway keeps it: with its secrets sealed."""
    with running_gateway({}) as gateway:
        gateway.stop()
        (gateway.home / "openclaw.json").write_text(FILE)
        gateway.start()
        found = Panel(gateway)
        try:
            yield found, text_of(found)
        finally:
            found.close()


@pytest.fixture
def panel(opened: tuple[Panel, str]) -> Panel:
    found, text = opened
    home = found.gateway.home
    for backup in home.glob("openclaw.json.bak*"):
        backup.unlink()
    fresh = home / "openclaw.json.fresh"
    fresh.write_text(text)
    fresh.replace(home / "openclaw.json")
    return found


def text_of(panel: Panel) -> str:
    return (panel.gateway.home / "openclaw.json").read_text()


def key_for(panel: Panel, *permissions: str) -> dict[str, str]:
    """The header of somebody who may do that, and no more."""
    order = {"name": "p-" + "-".join(permissions), "permissions": list(permissions)}
    made = panel.ask("POST", "/api/keys", order, headers={"x-admin-token": panel.gateway.token})
    assert made.status_code in (200, 201), made.text
    return {"authorization": f"Bearer {made.json()['key']}"}


def test_the_whole_configuration_is_shown_without_what_the_contract_strips(panel: Panel) -> None:
    config = panel.get("/api/openclaw/config")["config"]
    assert set(config) == {"models", "agents", "cron", "channels", "strange"}
    assert config["cron"] == {"enabled": True}
    assert config["models"]["providers"]["acme"]["apiKey"] == KEY


def test_a_save_keeps_what_was_not_shown_and_the_comments(panel: Panel) -> None:
    config = panel.get("/api/openclaw/config")["config"]
    config["agents"]["defaults"]["model"] = "acme/m2"
    config["tools"] = {"profile": "minimal"}
    del config["strange"]
    del config["cron"]
    answer = panel.ask("PUT", "/api/openclaw/config", {"config": config})
    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    text = text_of(panel)
    assert "// what the operator wrote" in text
    assert "// stays" in text
    assert '"coding"' in text
    assert "per-sender" in text
    assert '"old"' in text
    assert "strange" not in text
    assert "acme/m2" in text
    assert KEY not in text  # it is sealed
    assert panel.get("/api/openclaw/models")["currentModel"] == "acme/m2"
    assert panel.get("/api/openclaw/models")["providers"]["acme"]["apiKey"] == KEY
    assert list(panel.gateway.home.glob("openclaw.json.bak*"))


@pytest.mark.parametrize(
    "body", [{}, {"config": {}}, {"config": []}, {"config": "x"}, {"config": None}, {"other": {"models": {}}}]
)
def test_what_would_empty_the_file_is_refused(panel: Panel, body: dict[str, Any]) -> None:
    before = text_of(panel)
    answer = panel.ask("PUT", "/api/openclaw/config", body)
    assert (answer.status_code, answer.json()["ok"]) == (400, False)
    assert text_of(panel) == before


def test_what_is_not_valid_is_not_written(panel: Panel) -> None:
    before = text_of(panel)
    answer = panel.ask("PUT", "/api/openclaw/config", {"config": {"gateway": {"port": "many"}}})
    assert (answer.status_code, answer.json()["ok"]) == (400, False)
    assert "gateway.port" in answer.json()["error"]
    assert text_of(panel) == before


def test_whoever_may_not_read_secrets_sees_masks_and_can_save_all_the_same(panel: Panel) -> None:
    headers = key_for(panel, "config.read", "config.write")
    url = panel.gateway.base_url + "/api/openclaw/config"
    shown = httpx.get(url, headers=headers, timeout=PATIENCE).json()["config"]
    assert shown["models"]["providers"]["acme"]["apiKey"] == MASK
    shown["agents"]["defaults"]["model"] = "acme/m3"
    assert httpx.put(url, headers=headers, json={"config": shown}, timeout=PATIENCE).json() == {"ok": True}
    found = panel.get("/api/openclaw/models")
    assert (found["providers"]["acme"]["apiKey"], found["currentModel"]) == (KEY, "acme/m3")
    masked = httpx.get(panel.gateway.base_url + "/api/openclaw/models", headers=headers, timeout=PATIENCE).json()
    assert masked["providers"]["acme"]["apiKey"] == MASK


def test_rights_are_asked_for(panel: Panel) -> None:
    reader = key_for(panel, "config.read")
    base = panel.gateway.base_url
    for method, path, headers, status in [
        ("GET", "/api/openclaw/config", {}, 401),
        ("PUT", "/api/openclaw/config", reader, 403),
        ("PUT", "/api/openclaw/models", reader, 403),
        ("PUT", "/api/openclaw/channels/qq", reader, 403),
        ("PUT", "/api/openclaw/plugins/qq", reader, 403),
        ("POST", "/api/openclaw/toggle-channel", reader, 403),
        ("GET", "/api/openclaw/channels", reader, 200),
    ]:
        answer = httpx.request(method, base + path, headers=headers, timeout=PATIENCE)
        assert (answer.status_code, answer.json()["ok"]) == (status, status == 200), (method, path)


def test_if_match_finds_out_that_somebody_was_faster(panel: Panel) -> None:
    first = panel.ask("GET", "/api/openclaw/config")
    tag, config = first.headers["etag"], first.json()["config"]
    config["strange"] = {"kept": 2}
    fresh = panel.ask("PUT", "/api/openclaw/config", {"config": config}, headers={"if-match": tag})
    assert fresh.status_code == 200
    late = panel.ask("PUT", "/api/openclaw/config", {"config": config}, headers={"if-match": tag})
    assert (late.status_code, late.json()["ok"]) == (409, False)
    again = panel.ask("PUT", "/api/openclaw/config", {"config": config}, headers={"if-match": fresh.headers["etag"]})
    assert again.status_code == 200


def test_a_file_that_cannot_be_read_is_shown_empty_and_never_written_over(panel: Panel) -> None:
    (panel.gateway.home / "openclaw.json").write_text("{ broken")
    assert panel.get("/api/openclaw/config")["config"] == {}
    assert panel.get("/api/openclaw/models") == {"ok": True, "providers": {}, "currentModel": ""}
    assert panel.get("/api/openclaw/channels") == {"ok": True, "channels": {}, "plugins": {}}
    for path, body in [
        ("config", {"config": {"models": {}}}),
        ("models", {"currentModel": "a/b"}),
        ("channels/qq", {"enabled": True}),
        ("plugins/qq", {"enabled": True}),
    ]:
        answer = panel.ask("PUT", f"/api/openclaw/{path}", body)
        assert (answer.status_code, answer.json()["ok"]) == (400, False)
        assert "line 1" in answer.json()["error"], "it says what cannot be read, and where"
    assert text_of(panel) == "{ broken"


def test_models_are_replaced_whole_where_they_are_given(panel: Panel) -> None:
    providers = {"other": {"baseUrl": "http://127.0.0.1:9/v1", "apiKey": "sk-o", "models": []}}
    assert panel.ask("PUT", "/api/openclaw/models", {"providers": providers}).json() == {"ok": True}
    found = panel.get("/api/openclaw/models")
    assert set(found["providers"]) == {"other"}
    assert found["currentModel"] == "acme/m1"
    assert panel.ask("PUT", "/api/openclaw/models", {"currentModel": "other/x"}).json() == {"ok": True}
    assert panel.get("/api/openclaw/models")["currentModel"] == "other/x"
    assert panel.ask("PUT", "/api/openclaw/models", {}).json() == {"ok": True}
    assert panel.get("/api/openclaw/models")["currentModel"] == "other/x"
    assert panel.ask("PUT", "/api/openclaw/models", {"providers": [1]}).status_code == 400
    # `discoverLocal` stands beside the providers and is not theirs to lose.
    assert "discoverLocal" in text_of(panel)


def test_a_channel_is_merged_key_by_key_and_counts_at_once(panel: Panel) -> None:
    assert panel.ask("PUT", "/api/openclaw/channels/qq", {"groups": {"2": {}}}).json() == {"ok": True}
    qq = panel.get("/api/openclaw/channels")["channels"]["qq"]
    assert (qq["groups"], qq["wsUrl"], qq["enabled"]) == ({"2": {}}, "ws://127.0.0.1:9", False)


def test_a_channel_is_found_by_its_other_names(panel: Panel) -> None:
    assert panel.ask("PUT", "/api/openclaw/channels/napcat", {"wsUrl": "ws://127.0.0.1:8"}).json() == {"ok": True}
    channels = panel.get("/api/openclaw/channels")["channels"]
    assert set(channels) == {"qq"}
    assert channels["qq"]["wsUrl"] == "ws://127.0.0.1:8"


def test_ids_that_nobody_knows_are_kept_and_break_nothing(panel: Panel) -> None:
    for kind in ("channels", "plugins"):
        answer = panel.ask("PUT", f"/api/openclaw/{kind}/irc", {"enabled": True, "server": "irc.example"})
        assert (answer.status_code, answer.json()) == (200, {"ok": True})
    found = panel.get("/api/openclaw/channels")
    assert found["channels"]["irc"] == {"enabled": True, "server": "irc.example"}
    assert found["plugins"]["irc"]["enabled"] is True
    panel.gateway.stop()
    panel.gateway.start()
    assert panel.get("/api/openclaw/channels")["channels"]["irc"]["server"] == "irc.example"


def test_wechat_is_left_alone(panel: Panel) -> None:
    before = text_of(panel)
    for kind in ("channels", "plugins"):
        assert panel.ask("PUT", f"/api/openclaw/{kind}/wechat", {"enabled": True}).json() == {"ok": True}
    assert text_of(panel) == before


@pytest.mark.parametrize("name", ["%20", "__proto__", "x" * 101, "a%00b"])
def test_what_can_be_no_name_is_refused(panel: Panel, name: str) -> None:
    answer = panel.ask("PUT", f"/api/openclaw/plugins/{name}", {"enabled": True})
    assert (answer.status_code, answer.json()["ok"]) == (400, False)


def test_turning_a_skill_off_where_the_panel_does_so_turns_the_skill_off(panel: Panel) -> None:
    skills = [each for each in panel.get("/api/system/skills")["skills"] if each["source"] == "app-skill"]
    assert skills, "the gateway brings skills along"
    one = skills[0]
    assert one["enabled"] is True
    assert panel.ask("PUT", f"/api/openclaw/plugins/{one['id']}", {"enabled": False}).json() == {"ok": True}
    after = {each["id"]: each for each in panel.get("/api/system/skills")["skills"]}
    assert after[one["id"]]["enabled"] is False
    assert "plugins" not in text_of(panel)
