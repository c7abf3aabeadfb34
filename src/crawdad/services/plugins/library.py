"""Which plugins there are, and which of them are used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.plugin_manifest import Manifest
from crawdad.core.plugin_settings import PluginEntrySettings, PluginsSettings
from crawdad.core.plugins import DOWN, RELOADS, FactStore, FoundPlugin, PluginFolders, PluginStanding
from crawdad.core.text import Text
from crawdad.services.tools.arguments import checked_arguments

_NO_ENTRY = PluginEntrySettings()


class PluginLibrary:
    """Looks at all places: `plugins.load.paths`, the directory of installed ones, the Python environment, and what is part
    of the gateway. Of two with one id the first counts."""

    def __init__(
        self,
        folders: PluginFolders,
        settings: Callable[[], PluginsSettings],
        root: str,
        bundled: Sequence[Manifest],
        facts: FactStore,
    ) -> None:
        self._folders = folders
        self._settings = settings
        self._root = root
        self._bundled = bundled
        self._facts = facts

    async def found(self) -> list[FoundPlugin]:
        """Everything that lies somewhere, faulty ones as well."""
        install = self._settings().install
        sizes = (install.max_bytes, install.max_files)
        found: list[FoundPlugin] = []
        for path in self._settings().load.paths:
            one = await self._folders.look(path, *sizes)
            inside = await self._folders.found(path, *sizes) if one.manifest is None else ()
            usable = [replace(each, origin="path") for each in inside if each.manifest is not None]
            found += usable or [one]
        found += await self._folders.found(self._root, *sizes)
        found += await self._folders.distributions()
        own = {manifest.id for manifest in self._bundled}
        kept: dict[str, FoundPlugin] = {}
        for one in found:
            if one.id in own:
                one = replace(one, id=f"{one.id} ({one.folder})", problem=_fault("plugins.reserved", id=one.id))
            elif one.id in kept:
                first = kept[one.id]
                one = replace(
                    one, id=f"{one.id} ({one.folder})", problem=_fault("plugins.twice", id=one.id, place=first.folder)
                )
            kept[one.id] = one
        bundled = [FoundPlugin(manifest.id, "bundled", "", manifest) for manifest in self._bundled]
        return [*bundled, *kept.values()]

    async def standings(self) -> list[PluginStanding]:
        """All of them, and whether each is used."""
        down = await self._facts.get(DOWN) or {}
        reloads = await self._facts.get(RELOADS) or {}
        settings = self._settings()
        return [standing_of(one, settings, down, reloads) for one in await self.found()]

    async def get(self, plugin: str) -> PluginStanding:
        """One of them. Raises NOT_FOUND."""
        for standing in await self.standings():
            if standing.found.id == plugin:
                return standing
        raise no_plugin(plugin)

    async def unknown_entries(self) -> list[str]:
        """The ids in the settings that no plugin has."""
        ids = {one.id for one in await self.found()}
        settings = self._settings()
        named = (*settings.entries, *(settings.allow or ()), *settings.deny)
        slots = [] if settings.slots.memory == "none" else [settings.slots.memory]
        return [plugin for plugin in dict.fromkeys((*named, *slots)) if plugin not in ids]

    async def reload(self, plugin: str) -> None:
        """Have it loaded anew by whoever looks next, and forget that it was set down. Raises NOT_FOUND."""
        await self.get(plugin)
        reloads = dict(await self._facts.get(RELOADS) or {})
        reloads[plugin] = int(reloads.get(plugin, 0)) + 1
        await self._facts.put(RELOADS, reloads)
        await self.forgive(plugin)

    async def forgive(self, plugin: str) -> None:
        """Forget that it was set down."""
        down = dict(await self._facts.get(DOWN) or {})
        if down.pop(plugin, None) is not None:
            await self._facts.put(DOWN, down)


def standing_of(
    found: FoundPlugin, settings: PluginsSettings, down: Mapping[str, Any], reloads: Mapping[str, int]
) -> PluginStanding:
    """Whether a plugin is used. Pure. `down` holds those that were set down: reason and digest."""
    entry = settings.entries.get(found.id, _NO_ENTRY)
    manifest = found.manifest
    isolated = False
    if manifest is not None and found.origin in ("installed", "path"):
        isolated = manifest.isolated if entry.isolated is None else entry.isolated
    standing = PluginStanding(
        found, False, config=dict(entry.config), isolated=isolated, revision=int(reloads.get(found.id, 0))
    )
    if found.problem is not None or manifest is None:
        text = found.problem.text if found.problem is not None else Text("plugins.manifest.none")
        return replace(
            standing, status="error", reason=text if isinstance(text, Text) else Text("plugins.plain", {"text": text})
        )
    hindrance = _hindrance(found, manifest, entry, settings)
    if hindrance is not None:
        return replace(standing, reason=hindrance)
    noted = found.record.get("digest")
    if found.origin == "installed" and noted != found.digest:
        return replace(standing, status="error", reason=Text("plugins.tampered"))
    fallen = down.get(found.id)
    if isinstance(fallen, dict) and fallen.get("digest") == found.digest:
        return replace(standing, status="down", reason=Text("plugins.down", {"reason": str(fallen.get("reason"))}))
    try:
        config = checked_arguments(dict(entry.config), manifest.config_schema)
    except GatewayError as error:
        reason = Text("plugins.bad_config", {"id": found.id, "reason": error.text})
        return replace(standing, status="error", reason=reason)
    return replace(standing, wanted=True, status="loaded", config=config)


def _hindrance(
    found: FoundPlugin, manifest: Manifest, entry: PluginEntrySettings, settings: PluginsSettings
) -> Text | None:
    """What the settings have against it."""
    own = found.origin == "bundled"
    if not settings.enabled and not own:
        return Text("plugins.off")
    if found.id in settings.deny:
        return Text("plugins.denied")
    if settings.allow is not None and found.id not in settings.allow and not own:
        return Text("plugins.not_allowed")
    if entry.enabled is False:
        return Text("plugins.disabled")
    if found.origin == "distribution" and entry.enabled is None and found.id not in (settings.allow or ()):
        return Text("plugins.not_enabled", {"id": found.id})
    if manifest.kind == "memory" and settings.slots.memory != found.id:
        return Text("plugins.other_slot", {"slot": manifest.kind, "plugin": settings.slots.memory})
    return None


def no_plugin(plugin: str) -> GatewayError:
    """There is none of that id."""
    return GatewayError(ErrorKind.NOT_FOUND, Text("plugins.unknown", {"id": plugin[:100]}), {"code": "no_plugin"})


def _fault(key: str, **values: object) -> GatewayError:
    return GatewayError(ErrorKind.CONFLICT, Text(key, values), {"code": key.rpartition(".")[2]})
