"""Plugins put together: where they are found, what they may hang themselves into, and the host that loads them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crawdad import __version__
from crawdad.adapters.agent_files import LocalPluginFolders, LocalPluginPackages
from crawdad.adapters.programs import GitArchives, PipWheels
from crawdad.api.control.registry import Asked, Method, Registry
from crawdad.app.accounts import World
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.plugin_manifest import Manifest, Offers, Words
from crawdad.core.plugin_settings import PluginsSettings
from crawdad.core.plugins import PLUGINS_CHANGED, FactStore
from crawdad.core.ports import Clock, Transport
from crawdad.core.text import Text
from crawdad.core.tools import Tool, Toolbox, ToolScope
from crawdad.plugins.api import BundledApi, MethodOffer, ProviderOffer
from crawdad.plugins.hooks import HookBoard
from crawdad.plugins.host import HostParts, PluginHost, Shelves
from crawdad.plugins.http_routes import HttpRoutes
from crawdad.plugins.tools import PluginTools
from crawdad.services.catalogue.live import LiveCatalogue
from crawdad.services.channels.outbound import OutboundChannels
from crawdad.services.plugins.administration import PluginAdministration
from crawdad.services.plugins.hooked import tell_sessions
from crawdad.services.plugins.installing import InstallPorts, PluginInstaller
from crawdad.services.plugins.library import PluginLibrary
from crawdad.services.plugins.serving import PluginServing
from crawdad.services.tasks import Tasks
from crawdad.services.turns.local import LocalSource, PlainSource
from crawdad.store.changes import Changes
from crawdad.store.key_values import KeyValues

_MOST_TASKS = 2000
RegisterChannel = Callable[[Any], Callable[[], None]]
"""Takes a `ChannelKind`; answers with what takes it back."""
FOLDER, DATA = "plugins", "plugin-data"

MEMORY_CORE = Manifest(
    id="memory-core",
    version=__version__,
    entry="crawdad:memory_core",
    name=Words("Memory", "记忆"),
    description=Words("Searches and reads the notes of agents.", "搜索并读取智能体的笔记。"),
    kind="memory",
    offers=Offers(tools=("memory_search", "memory_get")),
)
"""The memory of agents, which another plugin may take over (`plugins.slots.memory`)."""
BUNDLED = (MEMORY_CORE,)
RESERVED = frozenset(manifest.id for manifest in BUNDLED)


class ProviderShelf:
    """Models of plugins among the others."""

    def __init__(self, live: LiveCatalogue, sources: dict[str, LocalSource]) -> None:
        self._live = live
        self._sources = sources
        self._names: dict[str, str] = {}

    def add(self, plugin: str, name: str, offer: ProviderOffer) -> None:
        """Offer them. Raises CONFLICT where a provider has that name."""
        self._live.plug(name, offer.models)
        self._sources[name] = PlainSource(offer.source)
        self._names[name] = plugin

    def remove(self, plugin: str) -> None:
        """Offer none of a plugin's any more."""
        for name in [name for name, owner in self._names.items() if owner == plugin]:
            del self._names[name]
            self._live.unplug(name)
            self._sources.pop(name, None)


class ChannelShelf:
    """Channels of plugins. One that only sends goes among the ways out; a whole one (`core.channels.ChannelKind`, known by its
    `open`) to the host of channels, once that is there."""

    def __init__(self, outbound: OutboundChannels) -> None:
        self._outbound = outbound
        self._register: RegisterChannel | None = None
        self._kinds: dict[str, Any] = {}
        self._offered: dict[str, tuple[str, Callable[[], None]]] = {}

    def attach(self, register: RegisterChannel) -> None:
        """The host of channels is there: what was offered before goes to it now."""
        self._register = register
        for name, kind in self._kinds.items():
            self._offered[name] = (self._offered[name][0], register(kind))
        self._kinds.clear()

    def add(self, plugin: str, name: str, offer: Any) -> None:
        """Offer a channel. Raises CONFLICT where one has that name."""
        if name in self._outbound.channels() or name in self._offered:
            raise _taken(plugin, "channel", name)
        if not hasattr(offer, "open"):
            self._outbound.register(name, offer)
            self._offered[name] = (plugin, lambda: self._outbound.unregister(name))
        elif self._register is not None:
            self._offered[name] = (plugin, self._register(offer))
        else:
            self._kinds[name] = offer
            self._offered[name] = (plugin, lambda: None)

    def remove(self, plugin: str) -> None:
        """Offer none of a plugin's any more."""
        for name in [name for name, (owner, _) in self._offered.items() if owner == plugin]:
            self._kinds.pop(name, None)
            self._offered.pop(name)[1]()


class MethodShelf:
    """Methods of plugins on the control channel, which is opened after the plugins are loaded."""

    def __init__(self) -> None:
        self._registry: Registry | None = None
        self._methods: dict[str, tuple[str, Method]] = {}

    def attach(self, registry: Registry) -> None:
        """The channel is there. A method whose name it has itself is left out."""
        self._registry = registry
        for name, (_, method) in list(self._methods.items()):
            if name in registry:
                del self._methods[name]
            else:
                registry.add(method)

    def add(self, plugin: str, name: str, offer: MethodOffer) -> None:
        """Offer a method. Raises CONFLICT where one has that name."""
        if name in self._methods or name == "connect" or (self._registry is not None and name in self._registry):
            raise _taken(plugin, "method", name)

        async def handle(asked: Asked) -> Any:
            return await offer.run(asked.params)

        method = Method(name, offer.scope, handle, offer.params, "…")
        self._methods[name] = (plugin, method)
        if self._registry is not None:
            self._registry.add(method)

    def remove(self, plugin: str) -> None:
        """Offer none of a plugin's any more."""
        for name in [name for name, (owner, _) in self._methods.items() if owner == plugin]:
            del self._methods[name]
            if self._registry is not None:
                self._registry.remove(name)


@dataclass(frozen=True, slots=True)
class PluginGround:
    """What plugins hang themselves into. `memory_tools` are those of the plugin that is part of the gateway; `own_tools`
    tells the names that no plugin may have."""

    toolbox: Toolbox
    tools: PluginTools
    hooks: HookBoard
    routes: HttpRoutes
    methods: MethodShelf
    providers: ProviderShelf
    channels: ChannelShelf
    serving: PluginServing
    memory_tools: Sequence[Tool]
    memory_offered: Callable[[ToolScope], bool]


@dataclass(frozen=True, slots=True)
class Plugins:
    """The plugins of this process."""

    host: PluginHost
    administration: PluginAdministration
    hooks: HookBoard
    methods: MethodShelf
    channels: ChannelShelf


def plugin_library(home: Path, settings: Callable[[], PluginsSettings], facts: FactStore) -> PluginLibrary:
    """Which plugins there are."""
    return PluginLibrary(LocalPluginFolders(), settings, str(home / FOLDER), BUNDLED, facts)


def plugin_installer(
    home: Path,
    settings: Callable[[], PluginsSettings],
    transport: Transport,
    clock: Clock,
    environment: Mapping[str, str],
) -> PluginInstaller:
    """What puts plugins into the home directory."""
    folder = home / FOLDER
    ports = InstallPorts(
        LocalPluginPackages(folder),
        LocalPluginFolders(),
        PipWheels(environment),
        GitArchives(environment),
        transport,
        clock,
    )
    return PluginInstaller(ports, lambda: settings().install, str(folder), RESERVED)


@asynccontextmanager
async def open_plugins(world: World, ground: PluginGround, environment: Mapping[str, str]) -> AsyncIterator[Plugins]:
    """The plugins, yet to be loaded (`host.begin`). On leaving, all are taken down."""
    home = Path(world.home)

    def settings() -> PluginsSettings:
        return world.settings().plugins

    facts = KeyValues(world.database)
    library = plugin_library(home, settings, facts)

    def memory_core(api: BundledApi) -> None:
        for tool in ground.memory_tools:
            api.register_own_tool(tool, ground.memory_offered)

    async with Tasks(_MOST_TASKS) as tasks:
        shelves = Shelves(
            ground.tools,
            ground.hooks,
            ground.routes,
            ground.methods,
            ground.providers,
            ground.channels,
            lambda: [definition.name for definition in ground.toolbox.known()],
        )
        parts = HostParts(
            shelves=shelves,
            standings=library.standings,
            bundled={MEMORY_CORE.id: memory_core},
            services=ground.serving,
            limits=lambda: settings().limits,
            facts=facts,
            clock=world.clock,
            data_directory=home / DATA,
            start=tasks.start,
            version=__version__,
        )
        host = PluginHost(parts)
        tasks.start(tell_sessions(ground.hooks, world.cluster.bus, lambda origin: origin == world.runner), "sessions")
        changes = Changes(world.database)

        async def changed() -> None:
            await changes.bump(PLUGINS_CHANGED)

        installer = plugin_installer(home, settings, world.transport, world.clock, environment)
        try:
            administration = PluginAdministration(library, installer, facts, changed)
            yield Plugins(host, administration, ground.hooks, ground.methods, ground.channels)
        finally:
            await host.close()


def _taken(plugin: str, kind: str, name: str) -> GatewayError:
    values = {"plugin": plugin, "kind": kind, "name": name}
    return GatewayError(ErrorKind.CONFLICT, Text("plugins.name_taken", values), {"code": "name_taken"})
