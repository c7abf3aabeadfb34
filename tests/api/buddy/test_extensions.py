"""`/v1/openclaw/plugins`, `skills` and `bots-models`: buddy.md §1.3, §6.1, §6.2, rows 10 and 26–33 of §1.13."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.buddy.asking import Buddy
from tests.app.test_accounts_command import crawdad
from tests.support.agent_server import WITH_AGENTS
from tests.support.plugins import write_plugin
from tests.support.server import running_gateway, settings

PLUGINS = "/v1/openclaw/plugins"
SKILLS = "/v1/openclaw/skills"
CODE = "def register(api):\n    async def run(words):\n        return ' '.join(words)\n    api.register_command('say', run)\n"
SKILL = "---\nname: {name}\ndescription: Says hello.\n---\nSay hello.\n"


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sources")


@pytest.fixture(scope="module")
def buddy(tmp_path_factory: pytest.TempPathFactory, sources: Path) -> Iterator[Buddy]:
    home = tmp_path_factory.mktemp("home")
    for plugin in ("hello", "greedy", "leaving"):
        source = write_plugin(sources, plugin, {"commands": ["say"]}, CODE)
        assert crawdad(home, "plugins", "install", str(source), "--yes").returncode == 0
    skill = sources / "greeting"
    skill.mkdir()
    (skill / "SKILL.md").write_text(SKILL.format(name="greeting"))
    assert crawdad(home, "skills", "install", str(skill), "--yes").returncode == 0
    providers = {
        "acme": {
            "baseUrl": "http://127.0.0.1:9/v1",
            "discover": False,
            "models": [{"id": "m1", "name": "One"}, {"id": "m2"}],
        }
    }
    agents = {
        "defaults": {"model": {"primary": "acme/m1"}},
        "list": [{"id": "main", "default": True}, {"id": "helper", "name": "Helper", "model": "acme/m2"}],
    }
    bindings = [{"agentId": "helper", "match": {"channel": "telegram", "accountId": "work"}}]
    with running_gateway(settings(providers, agents=agents, bindings=bindings), home=home) as gateway:
        yield Buddy(gateway)


def plugin(buddy: Buddy, plugin_id: str) -> dict[str, Any]:
    return next(one for one in buddy.get(PLUGINS, refresh="true")["data"] if one["id"] == plugin_id)


def ended(buddy: Buddy, task_id: str) -> dict[str, Any]:
    """The task, when it is over."""
    for _ in range(600):
        found: dict[str, Any] = buddy.ask("GET", f"/api/tasks/{task_id}", params={"wait": 1}).json()
        task = found.get("task", found)
        if task["status"] != "running":
            return dict(task)
    raise AssertionError(task)


def test_bots_and_models_are_told_together(buddy: Buddy) -> None:
    data = buddy.get("/v1/openclaw/bots-models", refresh="true")
    assert set(data) == {"data", "updated_at"}
    bots = {bot["id"]: bot for bot in data["data"]["bots"]}
    assert list(bots) == ["main", "helper"]
    assert bots["helper"]["name"] == "Helper"
    assert (bots["main"]["model"], bots["helper"]["model"]) == ("acme/m1", "acme/m2")
    assert (bots["helper"]["routingRules"], bots["helper"]["routing"]) == ("1", "telegram:work")
    assert bots["main"]["routingRules"] == "0"
    assert Path(bots["helper"]["workspace"]).is_absolute()
    models = {model["id"]: model for model in data["data"]["models"]}
    assert models["acme/m1"]["name"] == "One"
    assert [model["id"] for model in models.values() if model["isDefault"]] == ["acme/m1"]
    assert not any(model["provider"] == "openclaw" for model in models.values())


def test_plugins_have_the_contracts_shape(buddy: Buddy) -> None:
    listed = buddy.get(PLUGINS)["data"]
    wanted = {"id", "name", "description", "version", "enabled", "status", "origin", "rootDir", "source"}
    assert listed
    for one in listed:
        assert wanted | {"channelIds", "providerIds"} <= set(one)
    assert (plugin(buddy, "hello")["enabled"], plugin(buddy, "hello")["version"]) == (True, "1.0.0")


def test_a_plugin_is_switched_and_loaded_anew(buddy: Buddy) -> None:
    assert buddy.done("POST", f"{PLUGINS}/disable", {"id": "hello"})["message"] == "The plugin is disabled."
    assert plugin(buddy, "hello")["enabled"] is False
    told = buddy.done("POST", f"{PLUGINS}/enable", {"id": "hello"}, headers={"accept-language": "zh-CN"})
    assert told["message"] == "插件已启用"
    assert plugin(buddy, "hello")["enabled"] is True
    assert "hello" in buddy.done("POST", f"{PLUGINS}/reload")["reloaded"]


def test_all_plugins_are_updated_but_those_that_ask_for_more(buddy: Buddy, sources: Path) -> None:
    write_plugin(sources, "hello", {"commands": ["say"]}, CODE, version="1.1.0")
    more = {"permissions": {"network": ["api.example.com"]}}
    write_plugin(sources, "greedy", {"commands": ["say"]}, CODE, version="1.1.0", **more)
    answer = buddy.ask("POST", f"{PLUGINS}/update")
    body = answer.json()
    assert (answer.status_code, body["code"], set(body["data"])) == (202, 202, {"taskID"})
    task = ended(buddy, body["data"]["taskID"])
    assert task["status"] == "succeeded", task
    assert task["result"]["updated"] == ["hello"]
    assert task["result"]["needReview"] == ["greedy"]
    assert (plugin(buddy, "hello")["version"], plugin(buddy, "greedy")["version"]) == ("1.1.0", "1.0.0")


def test_a_plugin_whose_source_is_gone_fails_the_update(buddy: Buddy, sources: Path) -> None:
    gone = sources / "greedy"
    gone.rename(sources / "elsewhere")
    try:
        task = ended(buddy, buddy.ask("POST", f"{PLUGINS}/update").json()["data"]["taskID"])
    finally:
        (sources / "elsewhere").rename(gone)
    assert task["status"] == "failed"
    assert "greedy" in json.dumps(task["error"])


def test_a_plugin_is_removed_unless_it_is_part_of_the_gateway(buddy: Buddy) -> None:
    folder = Path(plugin(buddy, "leaving")["rootDir"])
    assert folder.is_dir()
    assert buddy.done("DELETE", f"{PLUGINS}/leaving")["message"] == "The plugin is removed."
    assert not folder.exists()
    buddy.refused(404, "DELETE", f"{PLUGINS}/leaving")
    bundled = next(one["id"] for one in buddy.get(PLUGINS)["data"] if one["origin"] == "bundled")
    buddy.refused(403, "DELETE", f"{PLUGINS}/{bundled}")


def test_skills_have_the_contracts_shape(buddy: Buddy) -> None:
    data = buddy.get(SKILLS, refresh="true")
    skills = {one["name"]: one for one in data["data"]["skills"]}
    wanted = {"name", "description", "eligible", "disabled", "source", "bundled", "missing", "path"}
    for one in skills.values():
        assert wanted <= set(one)
        assert set(one["missing"]) == {"bins", "anyBins", "env", "config", "os"}
    assert (skills["greeting"]["source"], skills["greeting"]["eligible"]) == ("managed", True)
    assert any(one["bundled"] for one in skills.values())


def test_what_was_installed_is_removed_and_nothing_else(buddy: Buddy) -> None:
    workspace = Path(buddy.get(SKILLS)["data"]["workspaceDir"])
    own = workspace / "skills" / "own"
    own.mkdir(parents=True)
    (own / "SKILL.md").write_text(SKILL.format(name="own"))
    assert buddy.done("POST", f"{SKILLS}/reload")["skills"] > 0
    skills = {one["name"]: one for one in buddy.get(SKILLS)["data"]["skills"]}
    bundled = next(one["name"] for one in skills.values() if one["bundled"])
    for name in (bundled, "own"):
        buddy.refused(403, "DELETE", f"{SKILLS}/{name}")
    for name in ("nothing", "..", "%2e%2e%2fplugins", "-x"):
        assert buddy.ask("DELETE", f"{SKILLS}/{name}").status_code in (404, 405), name
    assert own.is_dir()
    folder = Path(skills["greeting"]["path"])
    assert buddy.done("DELETE", f"{SKILLS}/greeting")["message"] == "The skill is removed."
    assert not folder.exists()
    assert "greeting" not in {one["name"] for one in buddy.get(SKILLS)["data"]["skills"]}


def test_what_cannot_be_is_refused(buddy: Buddy) -> None:
    for path in (f"{PLUGINS}/enable", f"{PLUGINS}/disable"):
        buddy.refused(404, "POST", path, {"id": "nobody"})
        buddy.refused(400, "POST", path, {})
        buddy.refused(400, "POST", path, {"id": 5})
        buddy.refused(400, "POST", path)
    assert "nobody" not in (buddy.gateway.home / "openclaw.json").read_text()


def test_readers_change_nothing(buddy: Buddy) -> None:
    reader = buddy.key("system.read")
    for path in (PLUGINS, SKILLS, "/v1/openclaw/bots-models"):
        assert reader.get(path)
        assert buddy.key("models.use").ask("GET", path).status_code == 403
    for path in (
        f"{PLUGINS}/enable",
        f"{PLUGINS}/disable",
        f"{PLUGINS}/reload",
        f"{PLUGINS}/update",
        f"{SKILLS}/reload",
    ):
        reader.refused(403, "POST", path, {"id": "hello"})
    reader.refused(403, "DELETE", f"{PLUGINS}/hello")
    reader.refused(403, "DELETE", f"{SKILLS}/greeting")


def test_without_an_inside_to_ask_it_is_a_503() -> None:
    """This gateway's agents follow a script: there are no plugins, and no skills, as when the inside is left."""
    with running_gateway(settings({}), command=WITH_AGENTS) as gateway:
        asking = Buddy(gateway)
        for path in ("/v1/openclaw/bots-models", PLUGINS, SKILLS):
            asking.refused(503, "GET", path)
        for path in (f"{PLUGINS}/enable", f"{PLUGINS}/reload", f"{PLUGINS}/update", f"{SKILLS}/reload"):
            asking.refused(503, "POST", path, {"id": "hello"})
        for path in (f"{PLUGINS}/hello", f"{SKILLS}/hello"):
            asking.refused(503, "DELETE", path)
        assert asking.get("/v1/openclaw/models/config") == {}
