"""Plugins for the command line: those of an installation, with or without a gateway that runs."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from crawdad import __version__
from crawdad.adapters.files import read_environment
from crawdad.adapters.http import HttpTransport
from crawdad.adapters.system import SystemClock
from crawdad.app.launch import Launch
from crawdad.app.logs import log_aside
from crawdad.app.plugins import DATA, plugin_installer, plugin_library
from crawdad.app.wiring import configuration_source, database_url, open_configuration, usable_settings
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.plugins import PLUGINS_CHANGED
from crawdad.core.text import Text
from crawdad.plugins.api import NoServices, PluginApi
from crawdad.plugins.importing import PluginModules
from crawdad.services.plugins.administration import PluginAdministration
from crawdad.store.changes import Changes
from crawdad.store.database import open_database
from crawdad.store.key_values import KeyValues


class StoredPlugins:
    """The plugins of an installation."""

    def __init__(self, launch: Launch, administration: PluginAdministration) -> None:
        self.administration = administration
        self._launch = launch

    async def switch(self, plugin: str, enabled: bool) -> None:
        """On or off. Raises NOT_FOUND, BAD_REQUEST where the configuration cannot be written."""
        await self.administration.library.get(plugin)
        async with open_configuration(self._launch) as configuration:
            path = f"plugins.entries.{plugin}.enabled"
            written = await configuration.set_value(path, "true" if enabled else "false")
        if written.refused:
            problem = next(problem for problem in written.problems if problem.is_error)
            raise GatewayError(ErrorKind.BAD_REQUEST, problem.message)
        if enabled:
            await self.administration.forgive(plugin)

    async def run(self, plugin: str, command: str, words: Sequence[str]) -> str | int | None:
        """A command that a plugin brings, run here, without a gateway around it. Raises NOT_FOUND, CONFLICT."""
        standing = await self.administration.library.get(plugin)
        found = standing.found
        if found.manifest is None or not standing.wanted or found.origin == "bundled":
            text = Text("cli.plugins.not_used", {"id": plugin, "reason": standing.reason or ""})
            raise GatewayError(ErrorKind.CONFLICT, text)
        if command not in found.manifest.offers.names("commands"):
            raise GatewayError(ErrorKind.NOT_FOUND, Text("cli.plugins.no_command", {"id": plugin, "name": command}))
        folder = None if found.origin == "distribution" else found.folder
        data = self._launch.home / DATA / plugin
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        api = PluginApi(found.manifest, standing.config, data, NoServices())
        package = found.manifest.entry.partition(":")[0].partition(".")[0]
        PluginModules(plugin, folder, package).function(found.manifest.entry)(api)
        run = api.registered.commands.get(command)
        if run is None:
            raise GatewayError(ErrorKind.NOT_FOUND, Text("cli.plugins.no_command", {"id": plugin, "name": command}))
        return await run(words)


@asynccontextmanager
async def open_plugins(launch: Launch) -> AsyncIterator[StoredPlugins]:
    """The plugins, with a way to fetch new ones."""
    log_aside()
    environment = await read_environment(str(launch.home), os.getcwd(), launch.environment)
    settings = usable_settings(await (await configuration_source(launch)).load())
    async with (
        open_database(database_url(settings, launch)) as database,
        HttpTransport(f"crawdad/{__version__}", lambda: settings.gateway.private_networks) as transport,
    ):
        home, facts, changes = Path(launch.home), KeyValues(database), Changes(database)
        library = plugin_library(home, lambda: settings.plugins, facts)
        installer = plugin_installer(home, lambda: settings.plugins, transport, SystemClock(), environment)

        async def changed() -> None:
            await changes.bump(PLUGINS_CHANGED)

        yield StoredPlugins(launch, PluginAdministration(library, installer, facts, changed))
