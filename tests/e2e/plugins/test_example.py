"""The example plugin in a running gateway: installed, used by all its doors, changed, loaded anew, removed; no restart."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.agents.conftest import OpenScene, Scene
from tests.e2e.plugins.conftest import entry, plugins, told
from tests.support.control import BACKEND, connected
from tests.support.plugins import EXAMPLE
from tests.support.scripted_model import calls, last_text, says, system_text
from tests.support.waiting import PATIENCE, eventually


def installed(scene: Scene, source: Path) -> None:
    done = plugins(scene, "install", str(source), "--yes")
    assert done["installed"] and done["vouchedBy"] == "local"
    eventually(lambda: scene.client.get("/dice").status_code == 200)


def test_from_installing_to_removing(open_scene: OpenScene, tmp_path: Path) -> None:
    source = tmp_path / "dice"
    shutil.copytree(EXAMPLE, source)
    scene = open_scene(calls(("roll_dice", {"count": 2})), says("You rolled."))
    assert scene.client.get("/dice").status_code == 404
    seen = plugins(scene, "install", str(source), "--dry-run")
    assert not seen["installed"] and seen["permissions"]["config"] == ["session.scope"]
    assert seen["offers"]["tools"] == ["roll_dice"] and seen["warnings"] == []
    assert "roll_dice" not in str(scene.client.get("/v1/models").json())
    installed(scene, source)
    pid = scene.gateway.pid

    scene.chat("Roll two dice")
    first, last = scene.model.asked[0], scene.model.asked[-1]
    assert "roll_dice" in [tool["function"]["name"] for tool in first["tools"]]
    assert "You have dice" in system_text(first) and "dice-games" in system_text(first)
    assert " = " in last_text(last), "the tool has answered"
    page = eventually(lambda: page if (page := scene.client.get("/dice").json())["ended"] else None)
    assert page == {"rolled": 1, "asked": 3, "ended": ["completed"], "sides": 6}

    assert "dice/oracle" in [model["id"] for model in scene.client.get("/v1/models").json()["data"]]
    body = {"model": "dice/oracle", "messages": [{"role": "user", "content": "Shall I?"}]}
    said = scene.client.post("/v1/chat/completions", json=body).json()["choices"][0]["message"]["content"]
    assert said.startswith("The dice say ")
    with connected(scene.gateway, client=BACKEND) as client:
        assert "dice.count" in client.hello["features"]["methods"]
        assert client.call("dice.count") == {"rolled": 1}
        one = told(client, "dice")
        assert one["installed"] and one["enabled"] and one["removable"] and one["state"] == "enabled"
        shown = client.call("plugins.inspect", {"pluginId": "dice"})
        assert shown["declared"]["tools"] == ["roll_dice"] and shown["declared"]["cliCommands"] == ["roll"]
        assert {"routes:/dice", "methods:dice.count"} <= set(shown["declared"]["contracts"])
        assert shown["source"]["kind"] == "path" and shown["source"]["spec"] == str(source)
    assert httpx.get(f"{scene.gateway.base_url}/dice", timeout=PATIENCE).status_code == 401, (
        "the gateway asks who comes"
    )
    listed = entry(scene, "dice")
    assert (listed["status"], listed["origin"], listed["version"]) == ("loaded", "installed", "1.0.0")
    assert " = " in plugins(scene, "run", "dice", "roll", "3")["output"]

    change_and_update(scene, source)
    assert scene.gateway.pid == pid, "all without a restart"
    with connected(scene.gateway, client=BACKEND) as client:
        done = client.call("plugins.uninstall", {"pluginId": "dice"})
        assert (done["pluginId"], done["removed"], done["restartRequired"]) == ("dice", ["directory"], False)
        assert "no plugin" in client.fault("plugins.uninstall", {"pluginId": "dice"})["message"]
    eventually(lambda: scene.client.get("/dice").status_code == 404)
    scene.model.then(says("Nothing to roll."))
    scene.chat("Roll")
    assert "roll_dice" not in str(scene.model.asked[-1].get("tools")), "and the tool is gone"
    with connected(scene.gateway, client=BACKEND) as client:
        assert "dice.count" not in client.hello["features"]["methods"]


def change_and_update(scene: Scene, source: Path) -> None:
    """A new version, and settings; both in effect at once."""
    manifest = (source / "crawdad.plugin.json").read_text()
    (source / "crawdad.plugin.json").write_text(manifest.replace('"1.0.0"', '"1.1.0"'))
    (source / "dice" / "rolling.py").write_text(
        '"""Loaded."""\n\n\ndef roll(count: int, sides: int) -> list[int]:\n    return [sides] * count\n'
    )
    before = scene.client.get("/dice").json()
    assert before["rolled"] == 1
    seen = plugins(scene, "update", "dice", "--dry-run")
    assert (seen["version"], seen["replaces"]) == ("1.1.0", "1.0.0")
    plugins(scene, "update", "dice", "--yes")
    eventually(lambda: scene.client.get("/dice").json()["rolled"] == 0)
    scene.model.then(calls(("roll_dice", {"count": 2})), says("You rolled."))
    scene.chat("Roll two dice")
    assert last_text(scene.model.asked[-1]) == "6 + 6 = 12", "the new code rolls"

    settings(scene, '{"sides": 20, "forbidden": ["write"]}')
    eventually(lambda: scene.client.get("/dice").json()["sides"] == 20)
    scene.model.then(calls(("write", {"path": "a.txt", "content": "x"})), says("I may not."))
    scene.chat("Write a file")
    assert "while dice are on the table" in last_text(scene.model.asked[-1])
    assert not (scene.workspace / "a.txt").exists(), "what a plugin refuses does not run"

    plugins(scene, "disable", "dice")
    eventually(lambda: scene.client.get("/dice").status_code == 404)
    plugins(scene, "enable", "dice")
    eventually(lambda: scene.client.get("/dice").status_code == 200)


def settings(scene: Scene, config: str) -> None:
    from tests.app.test_accounts_command import crawdad

    done = crawdad(scene.gateway.home, "config", "set", "plugins.entries.dice.config", config)
    assert done.returncode == 0, done.stderr


def test_a_folder_that_is_worked_on_is_loaded_anew(open_scene: OpenScene, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "dice")
    scene = open_scene(says("Hi."), plugins={"load": {"paths": [str(tmp_path / "dice")]}})
    assert scene.client.get("/dice").json()["sides"] == 6
    code = tmp_path / "dice" / "dice" / "__init__.py"
    code.write_text(code.read_text().replace('get("sides", 6)', 'get("sides", 8)'))
    assert plugins(scene, "reload", "dice") == {"reloaded": ["dice"]}
    eventually(lambda: scene.client.get("/dice").json()["sides"] == 8)
    assert entry(scene, "dice")["origin"] == "path"


def test_from_a_repository_by_its_commit(open_scene: OpenScene, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    shutil.copytree(EXAMPLE, repository)
    git: Any = ("git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "init.defaultBranch=main")
    for words in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "-m", "Dice")):
        subprocess.run([*git, *words], cwd=repository, check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], cwd=repository, check=True, capture_output=True, text=True)
    scene = open_scene(says("Hi."))
    plugins(scene, "install", f"git+{repository}@main", "--yes", status=1)
    done = plugins(scene, "install", f"git+{repository}@{commit.stdout.strip()}", "--yes")
    assert done["vouchedBy"] == "commit" and done["source"].endswith(commit.stdout.strip())
    eventually(lambda: scene.client.get("/dice").status_code == 200)
    with connected(scene.gateway, client=BACKEND) as client:
        source = client.call("plugins.inspect", {"pluginId": "dice"})["source"]
        assert (source["kind"], source["integrity"]) == ("git", commit.stdout.strip())
    assert plugins(scene, "uninstall", "dice", "--yes")["removed"]
    eventually(lambda: scene.client.get("/dice").status_code == 404)
