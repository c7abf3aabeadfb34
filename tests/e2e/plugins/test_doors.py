"""What plugins offer and hear at the other doors, in the gateway's process and in one of their own."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.agents.conftest import OpenScene, Scene
from tests.e2e.plugins.conftest import entry, plugins, told
from tests.e2e.plugins.test_containment import invoke
from tests.services.skills.test_installing import zipped
from tests.support.control import BACKEND, connected
from tests.support.plugins import manifest, write_plugin
from tests.support.scripted_model import calls, last_text, says, system_text
from tests.support.waiting import eventually

HEARD = ("before_tool_call", "after_tool_call", "message_received", "before_agent_start", "agent_end")
OTHERS = ("gateway_start", "session_start", "session_end", "before_model_request", "after_model_request")
OFFERS: dict[str, Any] = {
    "tools": ["heard", "look"],
    "hooks": [*HEARD, *OTHERS],
    "methods": ["ears.echo"],
    "services": ["counting"],
}
CODE = f"""
import asyncio
import os

HEARD = {[*HEARD, *OTHERS]}

def register(api):
    heard = []
    ticks = []

    def listen(name):
        def hear(event):
            heard.append(name)
            if name == "before_tool_call" and event.tool == "look" and "double" in event.arguments:
                return {{"arguments": {{"what": event.arguments["double"] * 2}}}}
            if name == "before_agent_start" and "forbidden" in event.text:
                return {{"refuse": "not that word"}}
            if name == "before_agent_start":
                return {{"extra_system": "Ears are listening."}}
            if name == "before_model_request" and event.model == "elsewhere":
                return {{"model": "scripted/model"}}
            if name == "before_model_request" and event.model == "never/mind":
                return {{"refuse": "no such thing"}}
        return hear

    async def tell(arguments, context):
        return {{"heard": sorted(set(heard)), "pid": os.getpid(), "ticks": len(ticks), "agent": context.scope.agent_id}}

    async def look(arguments, context):
        what = arguments.get("what", "")
        if what == "setting":
            return str(await api.setting("gateway.auth"))
        if what == "other setting":
            return str(await api.setting("models.providers"))
        if what.startswith("http"):
            return str(await api.fetch(what))
        if what.startswith("agent "):
            return await api.ask_agent(what[6:], "What is it?")
        return what

    async def echo(params):
        return {{"echo": params}}

    async def count():
        while True:
            ticks.append(1)
            await asyncio.sleep(0.05)

    for name in HEARD:
        api.register_hook(name, listen(name))
    api.register_tool("heard", "Tells what was heard.", {{"type": "object"}}, tell, read_only=True)
    api.register_tool("look", "Looks.", {{"type": "object"}}, look, read_only=True)
    api.register_gateway_method(
        "ears.echo", echo, scope="operator.write",
        params={{"type": "object", "properties": {{"word": {{"type": "string"}}}}, "required": ["word"]}},
    )
    api.register_service("counting", count)
"""
PERMISSIONS = {"network": ["127.0.0.1:9", "*.example.com"], "config": ["gateway.*"], "agents": ["main"]}


@pytest.fixture(params=[False, True], ids=["inside", "apart"])
def isolated(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def test_everything_that_can_be_heard_and_done(open_scene: OpenScene, tmp_path: Path, isolated: bool) -> None:
    write_plugin(tmp_path, "ears", OFFERS, CODE, isolated=isolated, permissions=PERMISSIONS)
    load = {"load": {"paths": [str(tmp_path / "ears")]}}
    scene = open_scene(calls(("look", {"double": "ab"})), says("Seen."), plugins=load)
    scene.chat("Look", user="eve")
    assert "Ears are listening." in system_text(scene.model.asked[0])
    assert "abab" in last_text(scene.model.asked[-1]), "the hook has changed the arguments"
    scene.data("DELETE", "/sessions/agent:main:openai-user:eve")
    told = eventually(lambda: heard(scene) if set(heard(scene)["heard"]) == {*HEARD, *OTHERS} else None)
    assert (told["pid"] == scene.gateway.pid) is not isolated and told["agent"] == "main"
    eventually(lambda: heard(scene)["ticks"] > told["ticks"])

    refused = scene.client.post(
        "/v1/chat/completions", json={"model": "openclaw", "messages": [{"role": "user", "content": "a forbidden one"}]}
    )
    assert refused.status_code == 403 and "not that word" in refused.text and "ears" in refused.text
    model_hooks(scene)
    permissions(scene)
    with connected(scene.gateway, client=BACKEND) as client:
        assert client.call("ears.echo", {"word": "x"}) == {"echo": {"word": "x"}}
        assert "word" in client.fault("ears.echo", {})["message"]
    with connected(scene.gateway, ["operator.read"], client=BACKEND) as client:
        assert "missing scope" in client.fault("ears.echo", {"word": "x"})["message"]


def heard(scene: Scene) -> Any:
    answer = scene.client.post("/tools/invoke", json={"tool": "heard"})
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]["details"]


def model_hooks(scene: Scene) -> None:
    body = {"model": "elsewhere", "messages": [{"role": "user", "content": "Hi"}]}
    answer = scene.client.post("/v1/chat/completions", json=body)
    assert answer.status_code == 200 and answer.headers["x-crawdad-model"] == "scripted/model", answer.text
    answer = scene.client.post("/v1/messages", json={**body, "model": "never/mind", "max_tokens": 9})
    assert answer.status_code == 403 and "no such thing" in answer.json()["error"]["message"]


def permissions(scene: Scene) -> None:
    """What the manifest does not ask for is refused; secrets are not shown; private networks stay closed."""
    status, text = invoke(scene, "look", what="setting")
    assert status == 200 and "'token': '***'" in text and scene.gateway.token not in text, text
    assert "permissions.config" in invoke(scene, "look", what="other setting")[1]
    assert "permissions.network" in invoke(scene, "look", what=f"{scene.gateway.base_url}/healthz")[1]
    assert "permissions.network" in invoke(scene, "look", what="http://example.com@127.0.0.1:1/")[1]
    status, text = invoke(scene, "look", what="http://127.0.0.1:9/")
    assert status >= 400 and "127.0.0.1" in text, "the guard against private networks holds for plugins as well"
    assert "permissions.agents" in invoke(scene, "look", what="agent other")[1]
    assert invoke(scene, "look", what="agent main")[1].count("Seen.") == 1
    assert entry(scene, "ears")["status"] == "loaded", "to be refused is no failure"


def test_what_cannot_go_apart_says_so(open_scene: OpenScene, tmp_path: Path) -> None:
    code = "def register(api):\n    api.register_http_route('/mine', print)\n"
    write_plugin(tmp_path, "apart", {"routes": ["/mine"]}, code, isolated=True)
    scene = open_scene(says("Hi."), plugins={"load": {"paths": [str(tmp_path)]}})
    found = entry(scene, "apart")
    assert found["status"] == "error" and "routes" in found["error"]
    with connected(scene.gateway, client=BACKEND) as client:
        assert told(client, "apart")["state"] == "error" and "routes" in told(client, "apart")["error"]
        (fault,) = client.call("plugins.list")["diagnostics"]
        assert (fault["level"], fault["pluginId"]) == ("error", "apart") and "routes" in fault["message"]


def test_the_control_channel_administers(open_scene: OpenScene, tmp_path: Path) -> None:
    write_plugin(tmp_path, "ears", OFFERS, CODE, uiHints={"a": {"label": {"en": "A", "zh": "甲"}}})
    scene = open_scene(says("Hi."), plugins={"load": {"paths": [str(tmp_path)]}})
    with connected(scene.gateway, client=BACKEND) as client:
        shown = client.call("plugins.inspect", {"pluginId": "ears"})
        assert shown["declared"]["tools"] == OFFERS["tools"] and shown["source"]["spec"] == str(tmp_path / "ears")
        off = client.call("plugins.setEnabled", {"pluginId": "ears", "enabled": False})
        assert (off["plugin"]["state"], off["restartRequired"]) == ("disabled", False)
        assert invoke(scene, "heard")[0] == 404, "at once"
        reviewed = {"reviewToken": shown["reviewToken"]}
        on = {"pluginId": "ears", "enabled": True}
        (tmp_path / "ears" / "more.py").write_text("")
        assert "inspect" in client.fault("plugins.setEnabled", on | {"acknowledgeCapabilities": reviewed})["message"]
        reviewed = {"reviewToken": client.call("plugins.inspect", {"pluginId": "ears"})["reviewToken"]}
        done = client.call("plugins.setEnabled", on | {"acknowledgeCapabilities": reviewed})
        assert done["plugin"]["state"] == "enabled" and "warnings" not in done
        assert invoke(scene, "heard")[0] == 200
        assert client.call("plugins.refresh", {}) == {"ok": True}
        client.fault("plugins.refresh", {"id": "ears"})
        assert "no plugin" in client.fault("plugins.inspect", {"pluginId": "nobody"})["message"]
        assert client.call("plugins.list")["mutationAllowed"] and not told(client, "ears")["removable"]
    with connected(scene.gateway, ["operator.read"], client=BACKEND) as client:
        assert "missing scope" in client.fault("plugins.refresh", {})["message"]
        assert not client.call("plugins.list")["mutationAllowed"]


def test_memory_is_a_plugin_like_any_other(open_scene: OpenScene) -> None:
    bare = {"id": "bare", "memorySearch": {"enabled": False}}
    agents = {"defaults": {"model": "scripted/model"}, "list": [{"id": "main", "default": True}, bare]}
    scene = open_scene(says("Hi."), agents=agents)
    scene.chat("Hello", model="openclaw:bare")
    names = [tool["function"]["name"] for tool in scene.model.asked[-1]["tools"]]
    assert not {"memory_search", "memory_get"} & set(names), "the settings of an agent hold as before"
    scene.chat("Hello")
    names = [tool["function"]["name"] for tool in scene.model.asked[-1]["tools"]]
    assert {"memory_search", "memory_get"} <= set(names) and entry(scene, "memory-core")["origin"] == "bundled"
    plugins(scene, "disable", "memory-core")
    eventually(lambda: invoke(scene, "memory_get", path="MEMORY.md")[0] == 404)
    scene.chat("Hello")
    names = [tool["function"]["name"] for tool in scene.model.asked[-1]["tools"]]
    assert not {"memory_search", "memory_get"} & set(names)


def test_a_package_with_what_it_depends_on(
    open_scene: OpenScene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By pip, from a directory of wheels: no index, no building."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    library = wheel_of("quips", "2.0", {"quips/__init__.py": b"LINE = 'from the library'\n"})
    (wheels / "quips-2.0-py3-none-any.whl").write_bytes(library)
    lock = f"quips==2.0 --hash=sha256:{hashlib.sha256(library).hexdigest()}\n"
    document = manifest("quoting", {"tools": ["quote"]}, entry="quoting_plugin:register")
    code = (
        "import quips\n\n\nasync def quote(arguments, context):\n    return quips.LINE\n\n\n"
        "def register(api):\n    api.register_tool('quote', 'Quotes.', {'type': 'object'}, quote, read_only=True)\n"
    )
    import json

    own = {
        "quoting_plugin/__init__.py": code.encode(),
        "quoting_plugin/crawdad.plugin.json": json.dumps(document).encode(),
        "requirements.lock": lock.encode(),
    }
    (wheels / "quoting_plugin-1.0-py3-none-any.whl").write_bytes(wheel_of("quoting_plugin", "1.0", own))
    monkeypatch.setitem(os.environ, "PIP_NO_INDEX", "1")
    monkeypatch.setitem(os.environ, "PIP_FIND_LINKS", str(wheels))
    scene = open_scene(says("Hi."))
    done = plugins(scene, "install", "pypi:quoting-plugin==1.0", "--yes")
    assert done["vouchedBy"] == "index" and done["libraries"] == ["quips==2.0"]
    assert "from the library" in eventually(lambda: found[1] if (found := invoke(scene, "quote"))[0] == 200 else "")
    plugins(scene, "install", "pypi:quoting-plugin==1.0", "--yes", "--force", "--sha256", done["sha256"])
    plugins(scene, "install", "pypi:quoting-plugin==1.0", "--yes", "--force", "--sha256", "0" * 64, status=1)
    plugins(scene, "install", "pypi:quoting-plugin==2.0", "--yes", "--force", status=1)


def wheel_of(name: str, version: str, files: dict[str, bytes]) -> bytes:
    """A wheel that pip takes."""
    metadata = f"{name}-{version}.dist-info"
    own = {
        f"{metadata}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{metadata}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in [*files, *own, f"{metadata}/RECORD"])
    return zipped({**files, **own, f"{metadata}/RECORD": record.encode()})
