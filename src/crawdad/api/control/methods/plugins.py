"""`plugins.*`: which plugins there are, switching them, loading them anew, removing them. Installing needs somebody who has
seen what a plugin asks for: that is the command line's."""

from __future__ import annotations

import json
from typing import Any

from crawdad.api.control.context import Control
from crawdad.api.control.registry import Asked, Method
from crawdad.services.plugins.administration import PluginAdministration
from crawdad.wire.control.schema import BOOLEAN, FILLED, closed
from crawdad.wire.control.scopes import ADMIN, READ


def methods(control: Control) -> list[Method]:
    """The methods of this subject; none where there are no plugins."""
    if control.plugins is None:
        return []
    answers = _Plugins(control, control.plugins)
    one = closed({"id": FILLED}, "id")
    switch = closed({"id": FILLED, "enabled": BOOLEAN}, "id", "enabled")
    return [
        Method("plugins.list", READ, answers.list, result="{plugins[{id, name, version, enabled, status, …}]}"),
        Method("plugins.inspect", READ, answers.inspect, one, "{id, …, permissions, configSchema, configUiHints}"),
        Method("plugins.refresh", ADMIN, answers.refresh, closed({"id": FILLED}), "{ok, reloaded[…]}"),
        Method("plugins.setEnabled", ADMIN, answers.switch, switch, "{ok, id, enabled}"),
        Method("plugins.uninstall", ADMIN, answers.uninstall, one, "{ok, id}"),
    ]


class _Plugins:
    def __init__(self, control: Control, plugins: PluginAdministration) -> None:
        self._control = control
        self._plugins = plugins

    async def list(self, _: Asked) -> Any:
        return {"plugins": await self._plugins.listed()}

    async def inspect(self, asked: Asked) -> Any:
        return await self._plugins.shown(asked.params["id"])

    async def refresh(self, asked: Asked) -> Any:
        return {"ok": True, "reloaded": await self._plugins.reload(asked.params.get("id"))}

    async def switch(self, asked: Asked) -> Any:
        plugin, enabled = asked.params["id"], asked.params["enabled"]
        await self._plugins.library.get(plugin)
        shown = await self._control.configuration.show()
        patch = {"plugins": {"entries": {plugin: {"enabled": enabled}}}}
        if enabled:
            await self._plugins.forgive(plugin)
        await self._control.configuration.patch(json.dumps(patch), shown.hash)
        return {"ok": True, "id": plugin, "enabled": enabled}

    async def uninstall(self, asked: Asked) -> Any:
        await self._plugins.remove(asked.params["id"])
        return {"ok": True, "id": asked.params["id"]}
