"""`plugins.*`: which plugins there are, switching them, loading them anew, removing them. Installing needs somebody who has
seen what a plugin asks for: that is the command line's. `plugins.settings` is Crawdad's own."""

from __future__ import annotations

import json
from typing import Any

from crawdad.api.control.context import Control
from crawdad.api.control.plugin_shapes import diagnostics, inspection, plugin_shape, review_token
from crawdad.api.control.registry import Asked, Method
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text
from crawdad.services.plugins.administration import PluginAdministration
from crawdad.wire.control.schema import BOOLEAN, FILLED, closed
from crawdad.wire.control.scopes import ADMIN, READ, holds

_LIST = "{plugins[{id, name, version, installed, enabled, state, …}], diagnostics[…], mutationAllowed}"
_INSPECT = "{ok, plugin, source, declared, reviewToken, grants}"
_SETTINGS = "{pluginId, schema, uiHints, config, permissions, homepage, license}"


def methods(control: Control) -> list[Method]:
    """The methods of this subject; none where there are no plugins."""
    if control.plugins is None:
        return []
    answers = _Plugins(control, control.plugins)
    one = closed({"pluginId": FILLED}, "pluginId")
    reviewed = closed({"reviewToken": FILLED}, "reviewToken")
    switch = closed(
        {"pluginId": FILLED, "enabled": BOOLEAN, "acknowledgeCapabilities": reviewed}, "pluginId", "enabled"
    )
    removed = "{ok, pluginId, restartRequired, removed[…], warnings[…]}"
    return [
        Method("plugins.list", READ, answers.list, result=_LIST),
        Method("plugins.inspect", READ, answers.inspect, one, _INSPECT),
        Method("plugins.settings", READ, answers.settings, one, _SETTINGS),
        Method("plugins.refresh", ADMIN, answers.refresh),
        Method("plugins.setEnabled", ADMIN, answers.switch, switch, "{ok, plugin, restartRequired, warnings[…]}"),
        Method("plugins.uninstall", ADMIN, answers.uninstall, one, removed),
    ]


class _Plugins:
    def __init__(self, control: Control, plugins: PluginAdministration) -> None:
        self._control = control
        self._plugins = plugins

    async def list(self, asked: Asked) -> Any:
        views = await self._plugins.views(asked.language)
        return {
            "plugins": [plugin_shape(view) for view in views],
            "diagnostics": diagnostics(views, await self._plugins.library.unknown_entries(), asked.language),
            "mutationAllowed": holds(asked.connection.admitted.scopes, ADMIN),
        }

    async def inspect(self, asked: Asked) -> Any:
        return inspection(await self._plugins.view(asked.params["pluginId"], asked.language))

    async def settings(self, asked: Asked) -> Any:
        """Crawdad's own: what may be set for a plugin, how to draw it, and what stands in the file, secrets masked."""
        plugin = asked.params["pluginId"]
        shown = await self._plugins.shown(plugin, asked.language)
        parsed = (await self._control.configuration.show()).parsed
        entry = ((parsed.get("plugins") or {}).get("entries") or {}).get(plugin) or {}
        return {
            "pluginId": plugin,
            "schema": shown.get("configSchema") or {},
            "uiHints": shown.get("configUiHints") or {},
            "config": entry.get("config") or {},
            "permissions": shown.get("permissions") or {},
            "homepage": shown.get("homepage"),
            "license": shown.get("license"),
        }

    async def refresh(self, _: Asked) -> Any:
        await self._plugins.reload()
        return {"ok": True}

    async def switch(self, asked: Asked) -> Any:
        plugin, enabled = asked.params["pluginId"], asked.params["enabled"]
        reviewed = asked.params.get("acknowledgeCapabilities")
        view = await self._plugins.view(plugin)
        if enabled and reviewed is not None and reviewed["reviewToken"] != review_token(view):
            raise GatewayError(ErrorKind.CONFLICT, Text("plugins.changed_since", {"id": plugin}))
        shown = await self._control.configuration.show()
        patch = {"plugins": {"entries": {plugin: {"enabled": enabled}}}}
        if enabled:
            await self._plugins.forgive(plugin)
        await self._control.configuration.patch(json.dumps(patch), shown.hash)
        view = await self._plugins.view(plugin, asked.language, running=False)
        answer = {"ok": True, "plugin": plugin_shape(view), "restartRequired": False}
        why = view.entry.get("error") or view.entry.get("reason")
        return {**answer, "warnings": [why]} if enabled and why else answer

    async def uninstall(self, asked: Asked) -> Any:
        plugin = asked.params["pluginId"]
        await self._plugins.remove(plugin)
        warnings = [Text("plugins.removed_at_once", {"id": plugin}).render(asked.language)]
        answer = {"ok": True, "pluginId": plugin, "restartRequired": False}
        return {**answer, "removed": ["directory"], "warnings": warnings}
