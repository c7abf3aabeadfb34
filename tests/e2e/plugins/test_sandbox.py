"""A plugin in a process apart, in a sandbox of bubblewrap where there is one; and what is told where there is none."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.e2e.agents.conftest import Scene
from tests.e2e.plugins.conftest import plugins
from tests.e2e.plugins.test_containment import invoke
from tests.services.tools.test_sandbox_attacks import tool_of
from tests.support.control import BACKEND, connected
from tests.support.plugins import write_plugin
from tests.support.scripted_model import NAME, ScriptedModel
from tests.support.server import running_gateway, settings
from tests.support.waiting import eventually

CODE = """
import json, os, socket
from pathlib import Path

def attempt(work):
    try:
        return work()
    except OSError as error:
        return type(error).__name__

def reach(port):
    with socket.create_connection(("127.0.0.1", port), 5):
        return "reached"

def register(api):
    async def tool(arguments, context):
        secret, shared, port = arguments["secret"], arguments["shared"], arguments["port"]
        return json.dumps({
            "home": attempt(lambda: Path(secret).read_text()),
            "shared": attempt(lambda: Path(shared).write_text("written")),
            "network": attempt(lambda: reach(port)),
            "own": attempt(lambda: (api.data_directory / "own").write_text("kept")),
            "code": attempt(lambda: open(__file__, "a").close()),
            "processes": len([name for name in os.listdir("/proc") if name.isdigit()]),
        })
    api.register_tool("%s", "Tries.", {"type": "object"}, tool, read_only=True)
"""


@contextmanager
def gateway_with(root: Path, path: str, **limits: Any) -> Iterator[Scene]:
    """A gateway whose plugins lie in `root`, with that search path for programs."""
    wanted = settings({}, plugins={"load": {"paths": [str(root)]}, "limits": limits})
    with (
        ScriptedModel() as model,
        running_gateway(wanted | settings({NAME: model.provider()}), env={"PATH": path}) as gateway,
    ):
        scene = Scene(gateway, model)
        with scene.client:
            yield scene


def tried(scene: Scene, tool: str, shared: Path) -> Any:
    """What the plugin could do."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        secret = Path(scene.gateway.home) / "openclaw.json"
        assert secret.exists()
        arguments = {"secret": str(secret), "shared": str(shared / "file"), "port": listening.getsockname()[1]}
        status, text = invoke(scene, tool, **arguments)
    assert status == 200, text
    return json.loads(json.loads(text)["result"]["content"][0]["text"])


def diagnostic(scene: Scene, plugin: str) -> str:
    """What is said of a plugin in the list."""
    with connected(scene.gateway, client=BACKEND) as client:
        told = client.call("plugins.list")["diagnostics"]
    return " ".join(each["message"] for each in told if each["pluginId"] == plugin)


def test_a_plugin_gets_to_no_more_than_its_manifest_asks_for(tmp_path: Path) -> None:
    places = tmp_path / "bin"
    places.mkdir()
    (places / "bwrap").symlink_to(tool_of("bubblewrap"))
    shared = tmp_path / "shared"
    shared.mkdir()
    write_plugin(tmp_path / "plugins", "closed", {"tools": ["closed"]}, CODE % "closed", isolated=True)
    asked = {"network": ["*"], "files": [str(shared), "/"]}
    write_plugin(
        tmp_path / "plugins", "asking", {"tools": ["asking"]}, CODE % "asking", isolated=True, permissions=asked
    )
    with gateway_with(tmp_path / "plugins", f"{places}:{os.environ['PATH']}", sandbox="required") as scene:
        found = tried(scene, "closed", shared)
        assert found["home"] == "FileNotFoundError" and found["network"] != "reached", found
        assert found["shared"] == "FileNotFoundError" and found["code"] == "OSError", found
        assert found["own"] == 4 and found["processes"] < 10, found
        data = Path(scene.gateway.home) / "plugin-data"
        assert (data / "closed" / "own").read_text() == "kept"
        found = tried(scene, "asking", shared)
        assert found["network"] == "reached" and (shared / "file").read_text() == "written", found
        assert found["home"] == "FileNotFoundError", "the whole disk is not to be had, whatever a manifest asks for"
        assert not diagnostic(scene, "closed") and plugins(scene, "show", "closed")["sandboxed"] is True


def test_where_there_is_no_sandbox_that_is_told_and_may_be_refused(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    write_plugin(tmp_path / "plugins", "alone", {"tools": ["alone"]}, CODE % "alone", isolated=True)
    with gateway_with(tmp_path / "plugins", str(tmp_path / "bin")) as scene:
        found = tried(scene, "alone", tmp_path)
        assert found["network"] == "reached" and "{" in found["home"], found
        assert "without a sandbox" in diagnostic(scene, "alone")
        assert plugins(scene, "show", "alone")["sandboxed"] is False
    with gateway_with(tmp_path / "plugins", str(tmp_path / "bin"), sandbox="required") as scene:
        eventually(lambda: "bubblewrap is not here" in diagnostic(scene, "alone"))
        assert invoke(scene, "alone")[0] == 404
