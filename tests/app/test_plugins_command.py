"""`crawdad plugins` against a home of its own, and where plugins hang themselves into the gateway."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crawdad.adapters.agent_files import LocalPluginFolders
from crawdad.api.control.registry import Method, Registry
from crawdad.app.plugins import ChannelShelf, MethodShelf
from crawdad.core.errors import GatewayError
from crawdad.plugins.api import MethodOffer
from crawdad.services.channels.outbound import OutboundChannels
from tests.app.test_accounts_command import crawdad, document
from tests.support.plugins import manifest, write_plugin

CODE = "def register(api):\n    async def run(words):\n        return ' '.join(words)\n    api.register_command('say', run)\n"


def test_from_installing_to_uninstalling(tmp_path: Path) -> None:
    home = tmp_path / "home"
    asked = {"permissions": {"network": ["api.example.com"], "agents": ["main"]}}
    source = write_plugin(tmp_path, "hello", {"commands": ["say"]}, CODE, **asked)
    refused = crawdad(home, "plugins", "install", str(source))
    assert refused.returncode != 0 and "--yes" in refused.stderr, "somebody has to agree"
    seen = crawdad(home, "plugins", "install", str(source), "--dry-run")
    assert seen.returncode == 0 and "api.example.com" in seen.stdout and "gateway's own process" in seen.stdout
    assert not (home / "plugins").exists()
    done = document(crawdad(home, "plugins", "install", str(source), "--yes", "--json"))
    assert Path(done["directory"]) == home / "plugins" / "hello"
    again = crawdad(home, "plugins", "install", str(source), "--yes", CRAWDAD_LANG="zh")
    assert again.returncode == 1 and "已安装" in again.stderr
    assert crawdad(home, "plugins", "run", "hello", "say", "good", "day").stdout == "good day\n"
    assert crawdad(home, "plugins", "run", "hello", "sing").returncode == 1
    shown = document(crawdad(home, "plugins", "show", "hello", "--json"))
    assert shown["permissions"]["agents"] == ["main"] and shown["record"]["kind"] == "file" and shown["enabled"]
    assert crawdad(home, "plugins", "disable", "hello").returncode == 0
    assert crawdad(home, "plugins", "run", "hello", "say").returncode == 1
    wanted = {"plugins": {"entries": {"hello": {"enabled": False}}}}
    assert json.loads((home / "openclaw.json").read_text()) == wanted
    assert crawdad(home, "plugins", "enable", "hello").returncode == 0
    assert crawdad(home, "plugins", "enable", "nobody").returncode == 1
    assert "nobody" not in (home / "openclaw.json").read_text(), "of what is not there nothing is written"
    kept = crawdad(home, "plugins", "uninstall", "hello")
    assert kept.returncode != 0 and "--yes" in kept.stderr and "install" not in kept.stderr, "somebody has to agree"
    assert crawdad(home, "plugins", "uninstall", "hello", "--yes").returncode == 0
    assert crawdad(home, "plugins", "uninstall", "hello", "--yes").returncode == 1


def test_the_doctor_names_what_is_wrong(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    assert crawdad(home, "plugins", "doctor").returncode == 0
    source = write_plugin(tmp_path, "hello", {}, "def register(api): pass")
    assert crawdad(home, "plugins", "install", str(source), "--yes").returncode == 0
    (home / "plugins" / "hello" / "hello.py").write_text("def register(api): print('changed')")
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "openclaw.plugin.json").write_text("{}")
    config = {"plugins": {"load": {"paths": [str(foreign)]}, "deny": ["gone"]}}
    (home / "openclaw.json").write_text(json.dumps(config))
    told = crawdad(home, "plugins", "doctor", "--json")
    found = json.loads(told.stdout)
    faults = {one["id"]: one["error"] for one in found["faulty"]}
    assert told.returncode == 1 and found["unknownEntries"] == ["gone"]
    assert "not those that were installed" in faults["hello"] and "JavaScript" in faults["foreign"]
    chinese = crawdad(home, "plugins", "doctor", CRAWDAD_LANG="zh")
    assert "与安装时不一致" in chinese.stdout and "“gone”" in chinese.stdout


async def test_distributions_offer_plugins_without_being_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package, metadata = tmp_path / "offered_plugin", tmp_path / "offered_plugin-1.0.dist-info"
    package.mkdir()
    metadata.mkdir()
    (package / "__init__.py").write_text("raise SystemExit('imported')")
    (package / "crawdad.plugin.json").write_text(json.dumps(manifest("offered", {}, entry="offered_plugin:register")))
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: offered-plugin\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[crawdad.plugins]\noffered = offered_plugin:register\n")
    (metadata / "RECORD").write_text(
        "offered_plugin/__init__.py,,\nofferred_plugin/x,,\noffered_plugin/crawdad.plugin.json,,\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    found = {one.id: one for one in await LocalPluginFolders().distributions()}
    assert found["offered"].manifest is not None and found["offered"].origin == "distribution"
    assert "offered_plugin" not in sys.modules


class Kind:
    """As far as the shelf looks at it."""

    def __init__(self, name: str) -> None:
        self.id = name

    def open(self) -> None: ...


def test_whole_channels_wait_for_their_host() -> None:
    outbound = OutboundChannels()
    shelf = ChannelShelf(outbound)
    known: list[str] = []

    def register(kind: Any) -> Callable[[], None]:
        known.append(kind.id)
        return lambda: known.remove(kind.id)

    shelf.add("one", "early", Kind("early"))
    shelf.add("one", "gone", Kind("gone"))
    shelf.add("two", "plain", object())
    shelf.remove("nobody")
    with pytest.raises(GatewayError):
        shelf.add("two", "early", Kind("early"))
    shelf.attach(register)
    shelf.add("two", "late", Kind("late"))
    assert known == ["early", "gone", "late"] and outbound.channels() == ["plain"]
    shelf.remove("one")
    assert known == ["late"]
    shelf.remove("two")
    assert not known and not outbound.channels()


def test_methods_wait_for_the_channel_and_take_nobodys_place() -> None:
    async def run(params: Any) -> Any:
        return params

    async def own(_: Any) -> Any:
        return "own"

    shelf, registry = MethodShelf(), Registry([Method("health", "operator.read", own)])
    shelf.add("one", "early", MethodOffer("early", run))
    shelf.add("one", "health", MethodOffer("health", run))
    shelf.attach(registry)
    assert registry.advertised() == ["health", "early"]
    with pytest.raises(GatewayError):
        shelf.add("two", "health", MethodOffer("health", run))
    with pytest.raises(GatewayError):
        shelf.add("two", "connect", MethodOffer("connect", run))
    shelf.remove("one")
    assert registry.advertised() == ["health"] and next(iter(registry)).handler is own
