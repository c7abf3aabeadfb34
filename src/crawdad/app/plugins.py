"""Plugins put together: where they are found, what they may hang themselves into, and the host that loads them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from crawdad import __version__
from crawdad.adapters.agent_files import LocalPluginFolders, LocalPluginPackages
from crawdad.adapters.heal_folder import LocalHealFolder
from crawdad.adapters.programs import GitArchives, PipWheels
from crawdad.adapters.tools.plugin_rooms import BubblewrapRooms
from crawdad.api.control.registry import Asked, Method, Registry
from crawdad.app.accounts import World
from crawdad.app.bundled import BUNDLED, bundled_plugins
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.happenings import Event
from crawdad.core.healing import HealEvent
from crawdad.core.plugin_settings import PluginsSettings
from crawdad.core.plugins import DOWN, PLUGIN_DOWN, PLUGINS_CHANGED, FactStore
from crawdad.core.ports import Clock, Randomness, Transport
from crawdad.core.tasks import LogLine
from crawdad.core.text import Text
from crawdad.core.tools import Tool, Toolbox, ToolScope
from crawdad.core.vendors import Vendor
from crawdad.plugins.api import MethodOffer, ProviderOffer
from crawdad.plugins.hooks import HookBoard
from crawdad.plugins.host import HostParts, PluginHost
from crawdad.plugins.http_routes import HttpRoutes
from crawdad.plugins.shelves import Shelves
from crawdad.plugins.step_record import StepRecord, died_in_steps
from crawdad.plugins.tools import PluginTools
from crawdad.services.accounts.vendors import VENDORS, VendorBook
from crawdad.services.catalogue.live import LiveCatalogue
from crawdad.services.channels.outbound import OutboundChannels
from crawdad.services.healing.policy import WINDOW_SECONDS
from crawdad.services.healing.reports import report_name
from crawdad.services.healing.start_signs import killer_in
from crawdad.services.plugins.administration import PluginAdministration
from crawdad.services.plugins.hooked import tell_sessions
from crawdad.services.plugins.installing import InstallPorts, PluginInstaller
from crawdad.services.plugins.library import PluginLibrary
from crawdad.services.plugins.serving import PluginServing
from crawdad.services.tasks import Tasks
from crawdad.services.turns.local import LocalSource, PlainSource
from crawdad.store.changes import Changes
from crawdad.store.key_values import KeyValues

STEPS = Path("heal") / "steps"
_MOST_TASKS = 2000
_DEATHS = 3
"""So many processes within an hour die in the code of a plugin before it is not loaded any more."""
RegisterChannel = Callable[[Any], Callable[[], None]]
"""Takes a `ChannelKind`; answers with what takes it back."""
FOLDER, DATA = "plugins", "plugin-data"

RESERVED = frozenset(manifest.id for manifest in BUNDLED)


class ProviderShelf:
    """Models of plugins among the others, and the vendors that plugins bring."""

    def __init__(self, live: LiveCatalogue, sources: dict[str, LocalSource], vendors: VendorBook) -> None:
        self._live = live
        self._sources = sources
        self._vendors = vendors
        self._names: dict[str, str] = {}

    def add(self, plugin: str, name: str, offer: ProviderOffer) -> None:
        """Offer them. Raises CONFLICT where a provider has that name."""
        if name in self._names:
            raise _taken(plugin, "provider", name)
        if isinstance(offer.source, Vendor):
            self._vendors.add(name, offer.source)
        elif name in VENDORS:
            raise _taken(plugin, "provider", name)
        else:
            self._live.plug(name, offer.models)
            self._sources[name] = PlainSource(offer.source)
        self._names[name] = plugin

    def remove(self, plugin: str) -> None:
        """Offer none of a plugin's any more."""
        for name in [name for name, owner in self._names.items() if owner == plugin]:
            del self._names[name]
            self._vendors.remove(name)
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

        def tell_down(plugin: str, reason: str) -> None:
            event = Event(PLUGIN_DOWN, {"plugin": plugin, "reason": reason}, world.clock.now(), world.runner)
            tasks.start(world.cluster.bus.publish(event), f"telling that {plugin} is down")

        record = StepRecord(home / STEPS)
        parts = HostParts(
            shelves=shelves,
            standings=library.standings,
            bundled=bundled_plugins(ground.memory_tools, ground.memory_offered),
            services=ground.serving,
            limits=lambda: settings().limits,
            facts=facts,
            clock=world.clock,
            data_directory=home / DATA,
            start=tasks.start,
            version=__version__,
            tell_down=tell_down,
            record=record,
            confinement=BubblewrapRooms(home, environment),
        )
        host = PluginHost(parts)
        if world.settings().healing.enabled:
            await set_down_killer(home, library, facts, world.clock, world.randomness)
        record.open()
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
            record.close()


async def set_down_killer(
    home: Path, library: PluginLibrary, facts: FactStore, clock: Clock, randomness: Randomness
) -> str | None:
    """A plugin in whose code processes have died again and again, at whatever pace, is not loaded any more: its id. That is
    written into the journal."""
    now = clock.now()
    steps = await asyncio.to_thread(died_in_steps, home / STEPS, now, now - WINDOW_SECONDS)
    if len(steps) < _DEATHS:
        return None
    standings = {one.found.id: one for one in await library.standings() if one.wanted and not one.isolated}
    killer = killer_in(steps, standings, _DEATHS)
    if killer is None:
        return None
    plugin, words = killer
    down = dict(await facts.get(DOWN) or {})
    digest = standings[plugin].found.digest
    down[plugin] = {"reason": words.render("en"), "at": now, "digest": digest, "failures": _DEATHS}
    await facts.put(DOWN, down)
    lines = (LogLine(now, Text("healing.step.set_down", {"plugin": plugin})),)
    event = HealEvent(
        id=randomness.new_id(),
        at=now,
        cause="plugin",
        remedy="set_down_plugin",
        place="start",
        subject=plugin,
        seen=(words,),
        steps=lines,
    )
    folder = LocalHealFolder(home, lambda: 1)
    with suppress(GatewayError):
        await folder.note(replace(event, report=report_name(event)))
    return plugin


def _taken(plugin: str, kind: str, name: str) -> GatewayError:
    values = {"plugin": plugin, "kind": kind, "name": name}
    return GatewayError(ErrorKind.CONFLICT, Text("plugins.name_taken", values), {"code": "name_taken"})
