"""Crawdad's own channels and vendors are plugins: listed, switched off and on as any other; and a vendor of a plugin is one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.api.opsclaw.client import call
from tests.app.test_accounts_command import crawdad
from tests.e2e.agents.conftest import OpenScene, Scene
from tests.e2e.plugins.conftest import plugins
from tests.support.control import BACKEND, connected
from tests.support.plugins import write_plugin
from tests.support.server import running_gateway
from tests.support.upstreams.accounts import AccountVendor
from tests.support.upstreams.scripted import ScriptedUpstream
from tests.support.waiting import eventually

CHANNELS = {"webchat", "qq", "openclaw-weixin", "telegram", "feishu"}
VENDORS = {"openai", "anthropic", "google", "deepseek", "ollama", "lmstudio", "vllm"}
ACME = """
from crawdad.plugins.api import PluginApi, Vendor

def register(api: PluginApi) -> None:
    api.register_provider("acme", Vendor("openai-completions", "%s/v1"))
"""


def channels(scene: Scene) -> set[str]:
    """The channels that have accounts and are there."""
    with connected(scene.gateway, client=BACKEND) as client:
        return set(client.call("channels.status")["channelOrder"])


def listed(scene: Scene) -> dict[str, Any]:
    """The plugins as the control channel lists them, by id."""
    with connected(scene.gateway, client=BACKEND) as client:
        return {one["id"]: one for one in client.call("plugins.list")["plugins"]}


def models(gateway: Any) -> set[str]:
    """The names in the list of models."""
    return {model["id"] for model in call(gateway, "GET", "/v1/models", headers=gateway.headers).json["data"]}


def test_channels_are_plugins_that_can_be_switched_off(open_scene: OpenScene) -> None:
    idle = {name: {"enabled": False} for name in ("feishu", "telegram", "qq")}
    scene = open_scene(plugins={"entries": {"feishu": {"enabled": False}}}, channels=idle)
    found = listed(scene)
    assert all(found[name]["origin"] == "bundled" and not found[name]["removable"] for name in CHANNELS | VENDORS)
    assert {name for name in CHANNELS if found[name]["state"] != "enabled"} == {"feishu"}
    assert channels(scene) == {"telegram", "qq"}
    plugins(scene, "enable", "feishu")
    eventually(lambda: channels(scene) == {"telegram", "qq", "feishu"})
    plugins(scene, "disable", "telegram")
    eventually(lambda: channels(scene) == {"qq", "feishu"})
    with connected(scene.gateway, client=BACKEND) as client:
        declared = client.call("plugins.inspect", {"pluginId": "telegram"})["declared"]
        assert declared["channels"] == ["telegram"] and not declared["providers"]


def test_a_vendor_that_is_switched_off_is_not_there(open_scene: OpenScene) -> None:
    scene = open_scene()
    gateway = scene.gateway
    account = {"provider": "openai", "apiKey": "sk-bundled-0123456789"}
    plugins(scene, "disable", "openai")
    eventually(lambda: listed(scene)["openai"]["state"] == "disabled")
    refused = call(gateway, "POST", "/api/accounts", account)
    assert refused.status == 400 and "address" in refused.body.decode(), refused.body
    command = crawdad(gateway.home, "accounts", "add", "openai", "--no-check", given="sk-bundled-0123456789\n")
    assert command.returncode and "address" in command.stderr, command
    plugins(scene, "enable", "openai")
    command = crawdad(gateway.home, "accounts", "add", "openai", "--no-check", given="sk-bundled-0123456789\n")
    assert command.returncode == 0, command.stderr


def test_a_local_server_is_found_as_long_as_its_plugin_is_on() -> None:
    with ScriptedUpstream() as upstream:
        servers = {"ollama": upstream.url, "vllm": upstream.url + "/v1", "lmstudio": "http://127.0.0.1:9/v1"}
        config = {"models": {"localServers": servers}, "plugins": {"entries": {"ollama": {"enabled": False}}}}
        with running_gateway(config) as gateway:
            eventually(lambda: "vllm/story:hello" in models(gateway))
            assert "ollama/story:hello" not in models(gateway)
            done = crawdad(gateway.home, "plugins", "enable", "ollama")
            assert done.returncode == 0, done.stderr
            eventually(lambda: "ollama/story:hello" in models(gateway))


def test_the_vendor_of_a_plugin_needs_nothing_but_a_key(open_scene: OpenScene, tmp_path: Path) -> None:
    with AccountVendor() as vendor:
        vendor.open("sk-acme-0123456789")
        host = vendor.url.removeprefix("http://")
        write_plugin(tmp_path, "acme", {"providers": ["acme"]}, ACME % vendor.url, permissions={"network": [host]})
        scene = open_scene(plugins={"load": {"paths": [str(tmp_path / "acme")]}})
        account = {"provider": "acme", "apiKey": "sk-acme-0123456789"}
        made = call(scene.gateway, "POST", "/api/accounts", account)
        assert made.status in (200, 201), made.body
        eventually(lambda: "acme/vendor-large" in models(scene.gateway))
        scene.chat("Hello", model="acme/vendor-small")
        assert vendor.key("sk-acme-0123456789").served
        plugins(scene, "disable", "acme")
        eventually(lambda: not any(name.startswith("acme/") for name in models(scene.gateway)))


def test_a_vendor_elsewhere_than_the_manifest_says_is_refused(open_scene: OpenScene, tmp_path: Path) -> None:
    code = ACME % "https://keys.example.com"
    write_plugin(tmp_path, "acme", {"providers": ["acme"]}, code, permissions={"network": ["api.example.com"]})
    scene = open_scene(plugins={"load": {"paths": [str(tmp_path / "acme")]}})
    found = listed(scene)["acme"]
    assert found["state"] == "error" and "keys.example.com" in found["error"]
