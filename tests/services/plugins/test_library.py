"""Which plugins are used: what the settings, the record of the installation and earlier failures say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from crawdad.core.plugin_manifest import Manifest
from crawdad.core.plugin_settings import PluginsSettings
from crawdad.core.plugins import DOWN, RELOADS, FoundPlugin, Origin
from crawdad.services.plugins.library import PluginLibrary, standing_of

SCHEMA = {"type": "object", "properties": {"sides": {"type": "integer", "minimum": 2}}, "additionalProperties": False}
HELLO = Manifest("hello", "1.0", "hello:register", config_schema=SCHEMA)
MEMORY = Manifest("vectors", "1.0", "vectors:register", kind="memory")


def found(manifest: Manifest = HELLO, origin: Origin = "installed", **more: Any) -> FoundPlugin:
    values = {"digest": "d1", "record": {"digest": "d1"}, **more}
    return FoundPlugin(manifest.id, origin, f"/plugins/{manifest.id}", manifest, **values)


CASES: dict[str, tuple[FoundPlugin, dict[str, Any], str, str]] = {
    "installed": (found(), {}, "loaded", ""),
    "switched off": (found(), {"entries": {"hello": {"enabled": False}}}, "disabled", "plugins.disabled"),
    "all off": (found(), {"enabled": False}, "disabled", "plugins.off"),
    "denied": (found(), {"deny": ["hello"], "allow": ["hello"]}, "disabled", "plugins.denied"),
    "not allowed": (found(), {"allow": ["other"]}, "disabled", "plugins.not_allowed"),
    "allowed": (found(), {"allow": ["hello"]}, "loaded", ""),
    "from the environment": (found(origin="distribution"), {}, "disabled", "plugins.not_enabled"),
    "from the environment, wanted": (
        found(origin="distribution"),
        {"entries": {"hello": {"enabled": True}}},
        "loaded",
        "",
    ),
    "from the environment, allowed": (found(origin="distribution"), {"allow": ["hello"]}, "loaded", ""),
    "changed on the disk": (found(digest="d2"), {}, "error", "plugins.tampered"),
    "no record": (found(record={}), {}, "error", "plugins.tampered"),
    "worked on": (found(origin="path", digest="d2"), {}, "loaded", ""),
    "settings that fit": (found(), {"entries": {"hello": {"config": {"sides": 6}}}}, "loaded", ""),
    "settings that do not": (found(), {"entries": {"hello": {"config": {"sides": 1}}}}, "error", "plugins.bad_config"),
    "unknown settings": (found(), {"entries": {"hello": {"config": {"sise": 6}}}}, "error", "plugins.bad_config"),
    "another memory": (found(MEMORY), {}, "disabled", "plugins.other_slot"),
    "the memory": (found(MEMORY), {"slots": {"memory": "vectors"}}, "loaded", ""),
    "no memory": (found(MEMORY), {"slots": {"memory": "none"}}, "disabled", "plugins.other_slot"),
    "part of the gateway": (found(origin="bundled"), {"enabled": False, "allow": []}, "loaded", ""),
    "part of the gateway, off": (
        found(origin="bundled"),
        {"entries": {"hello": {"enabled": False}}},
        "disabled",
        "plugins.disabled",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_used(name: str) -> None:
    plugin, settings, status, reason = CASES[name]
    standing = standing_of(plugin, PluginsSettings.model_validate(settings), {}, {})
    assert (standing.status, standing.reason.key if standing.reason else "") == (status, reason)
    assert standing.wanted is (status == "loaded")


def test_one_that_was_set_down_comes_back_with_other_files() -> None:
    down = {"hello": {"reason": "it threw", "digest": "d1"}}
    settings = PluginsSettings()
    fallen = standing_of(found(), settings, down, {})
    assert (fallen.status, fallen.wanted) == ("down", False)
    assert fallen.reason is not None and "it threw" in fallen.reason.render("zh")
    assert standing_of(found(digest="d2", record={"digest": "d2"}), settings, down, {}).wanted


def test_isolation_is_the_manifests_wish_and_the_operators_word() -> None:
    apart = replace(HELLO, isolated=True)
    assert standing_of(found(apart), PluginsSettings(), {}, {}).isolated
    inside = PluginsSettings.model_validate({"entries": {"hello": {"isolated": False}}})
    assert not standing_of(found(apart), inside, {}, {}).isolated
    wish = PluginsSettings.model_validate({"entries": {"hello": {"isolated": True}}})
    assert standing_of(found(), wish, {}, {}).isolated


class Places:
    """Plugins by where they lie."""

    def __init__(self, paths: dict[str, FoundPlugin], installed: list[FoundPlugin]) -> None:
        self._paths = paths
        self._installed = installed

    async def found(self, root: str, most_bytes: int, most_files: int) -> list[FoundPlugin]:
        return self._installed if root == "/installed" else []

    async def look(self, path: str, most_bytes: int, most_files: int) -> FoundPlugin:
        return self._paths[path]

    async def distributions(self) -> list[FoundPlugin]:
        return []


class Facts(dict[str, Any]):
    async def get(self, key: str) -> Any:  # type: ignore[override]
        return dict.get(self, key)

    async def put(self, key: str, value: Any) -> None:
        self[key] = value


async def test_the_first_of_an_id_counts_and_reserved_ids_are_nobodys() -> None:
    settings = PluginsSettings.model_validate(
        {"load": {"paths": ["/a"]}, "entries": {"hello": {}, "gone": {}}, "slots": {"memory": "none"}}
    )
    core = Manifest("core", "1.0", "x:y")
    places = Places({"/a": found(origin="path")}, [found(), found(core)])
    facts = Facts({DOWN: {"hello": {"reason": "x", "digest": "d1"}}})
    library = PluginLibrary(places, lambda: settings, "/installed", [core], facts)
    standings = {one.found.id: one for one in await library.standings()}
    assert standings["hello"].found.origin == "path" and standings["core"].found.origin == "bundled"
    reasons = {one.reason.key for one in standings.values() if one.reason is not None}
    assert {"plugins.twice", "plugins.reserved"} <= reasons
    assert sum(one.wanted for one in standings.values()) == 1, "only the gateway's own: hello is down"
    assert await library.unknown_entries() == ["gone"]
    await library.reload("hello")
    again = await library.get("hello")
    assert again.wanted and again.revision == 1 and facts[RELOADS] == {"hello": 1}
