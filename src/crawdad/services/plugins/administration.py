"""What panels, the control channel and the command line do with plugins: list, show, install, update, remove, load anew.

Whatever changes is noted (`plugins.changed`), so that every process of the gateway takes it up within a second, without a
restart. Switching one on or off is a change of the configuration, and belongs to whoever writes that.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from crawdad.core.parts import JsonObject
from crawdad.core.plugin_manifest import Manifest, Words
from crawdad.core.plugins import STATES, FactStore, FoundPlugin, PluginStanding
from crawdad.core.text import Language
from crawdad.services.plugins.installing import PluginCandidate, PluginInstaller, PluginOrder
from crawdad.services.plugins.library import PluginLibrary
from crawdad.services.plugins.sources import checked_hash, read_source

_LISTS = (
    *(("toolNames", "tools"), ("hookNames", "hooks"), ("channelIds", "channels"), ("providerIds", "providers")),
    *(("gatewayMethods", "methods"), ("services", "services"), ("commands", "commands"), ("httpRoutes", "routes")),
    ("skills", "skills"),
)
"""The lists of an entry, by the names that OpenClaw's command line gives them."""


@dataclass(frozen=True, slots=True)
class PluginView:
    """A plugin: whether it is used, and its entry in lists."""

    standing: PluginStanding
    entry: JsonObject


class PluginAdministration:
    """Plugins, administered."""

    def __init__(
        self,
        library: PluginLibrary,
        installer: PluginInstaller,
        facts: FactStore,
        changed: Callable[[], Awaitable[None]],
    ) -> None:
        self.library = library
        self.installer = installer
        self._facts = facts
        self._changed = changed

    async def views(self, language: Language = "en") -> list[PluginView]:
        """Every plugin."""
        states = await self._facts.get(STATES) or {}
        standings = await self.library.standings()
        return [PluginView(one, entry_of(one, states.get(one.found.id), language)) for one in standings]

    async def view(self, plugin: str, language: Language = "en", *, running: bool = True) -> PluginView:
        """One. `running` False: as the settings have it, however it stands in the gateway as yet. Raises NOT_FOUND."""
        standing = await self.library.get(plugin)
        states = (await self._facts.get(STATES) or {}) if running else {}
        return PluginView(standing, entry_of(standing, states.get(plugin), language))

    async def listed(self, language: Language = "en") -> list[JsonObject]:
        """Every plugin, as lists show it."""
        return [view.entry for view in await self.views(language)]

    async def shown(self, plugin: str, language: Language = "en") -> JsonObject:
        """One, with what it asks for, its settings as a form, and where it came from. Raises NOT_FOUND."""
        view = await self.view(plugin, language)
        standing, told = view.standing, view.entry
        manifest = standing.found.manifest
        if manifest is not None:
            told |= {
                "permissions": manifest.permissions.document,
                "configSchema": manifest.config_schema,
                "configUiHints": hints_of(manifest, language),
                "homepage": manifest.homepage or None,
                "license": manifest.license or None,
            }
        return {**told, "record": dict(standing.found.record)}

    async def look(self, source: str, sha256: str = "") -> PluginCandidate:
        """What would be installed. Raises BAD_REQUEST, FORBIDDEN, CONFLICT."""
        return await self.installer.look(PluginOrder(read_source(source), checked_hash(sha256)))

    async def look_at_update(self, plugin: str, to: str = "", sha256: str = "") -> PluginCandidate:
        """What a plugin would be replaced by. Raises NOT_FOUND and what `look` does."""
        return await self.installer.look(await self.installer.update_order(plugin, to, sha256))

    async def install(self, candidate: PluginCandidate, *, replace_it: bool = False, downgrade: bool = False) -> str:
        """Put it there: the directory. Raises CONFLICT."""
        folder = await self.installer.install(candidate, replace_it=replace_it, downgrade=downgrade)
        await self.library.forgive(candidate.manifest.id)
        await self._changed()
        return folder

    async def remove(self, plugin: str) -> None:
        """Take an installed one away. Raises NOT_FOUND."""
        await self.installer.remove(plugin)
        await self.library.forgive(plugin)
        await self._changed()

    async def reload(self, plugin: str | None = None) -> list[str]:
        """Have one, or all that are used, loaded anew; those that were set down as well. Raises NOT_FOUND."""
        wanted = [plugin] if plugin is not None else await self._reloadable()
        for each in wanted:
            await self.library.reload(each)
        await self._changed()
        return wanted

    async def forgive(self, plugin: str) -> None:
        """Forget that it was set down. Raises NOT_FOUND."""
        await self.library.get(plugin)
        await self.library.forgive(plugin)
        await self._changed()

    async def _reloadable(self) -> list[str]:
        standings = await self.library.standings()
        return [
            one.found.id for one in standings if one.found.origin != "bundled" and (one.wanted or one.status == "down")
        ]


def entry_of(standing: PluginStanding, state: Any, language: Language) -> JsonObject:
    """A plugin as lists show it. `state` is how it stands in the running gateway, where one runs."""
    found, manifest = standing.found, standing.found.manifest
    state = state if isinstance(state, dict) else {}
    status, reason = standing.status, standing.reason.render(language) if standing.reason is not None else ""
    if standing.wanted and state.get("status") in ("error", "down"):
        status = state["status"]
        told = state.get("reason") or ["", ""]
        reason = told[1 if language == "zh" else 0]
    running = standing.wanted and status == "loaded" and bool(state)
    entry: JsonObject = {
        "id": found.id,
        "name": (manifest.name.render(language) if manifest is not None else "") or found.id,
        "description": manifest.description.render(language) if manifest is not None else "",
        "version": manifest.version if manifest is not None else None,
        "source": _source_of(found),
        "origin": found.origin,
        "rootDir": found.folder,
        "enabled": standing.wanted,
        "status": status,
        "isolated": standing.isolated,
        "sandboxed": bool(state.get("sandboxed")) if running and standing.isolated else None,
        "calls": int(state.get("calls") or 0) if running else 0,
        "failures": int(state.get("failures") or 0),
        "lastFailure": state.get("lastFailure") or None,
    }
    if reason:
        entry["error" if status in ("error", "down") else "reason"] = reason
    offers = manifest.offers if manifest is not None else None
    return {**entry, **{name: list(offers.names(kind)) if offers else [] for name, kind in _LISTS}}


def hints_of(manifest: Manifest, language: Language) -> JsonObject:
    """How to draw the settings, in one language."""
    return {
        path: {
            key: Words(value.get("en", ""), value.get("zh", "")).render(language) if isinstance(value, dict) else value
            for key, value in hint.items()
        }
        for path, hint in manifest.ui_hints.items()
    }


def _source_of(found: FoundPlugin) -> str:
    return str(found.record.get("source") or found.folder or found.origin)
