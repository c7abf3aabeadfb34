"""The host of plugins: loads them, hands out what they offer, takes them down again, and sets down those that fail.

Everything is attached under the plugin's id and can be detached by it, at any moment and without a restart.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.plugin_hooks import GatewayStart, GatewayStop
from crawdad.core.plugin_settings import PluginsLimitSettings
from crawdad.core.plugins import DOWN, STATES, FactStore, PluginConfinement, PluginStanding, PluginState, Status
from crawdad.core.ports import Clock
from crawdad.core.text import Text
from crawdad.plugins.api import (
    BundledApi,
    PluginApi,
    PluginServices,
    Registered,
)
from crawdad.plugins.child import PluginChild
from crawdad.plugins.guarding import PluginGuard
from crawdad.plugins.importing import PluginModules, TookTooLong, in_own_thread
from crawdad.plugins.shelves import Shelves
from crawdad.plugins.step_record import StepRecord
from crawdad.plugins.stepping import LoopAlarm

_SERVICE_TRIES = 3
_PATIENCE_SECONDS = 5.0
_SERVICE_WAIT_SECONDS = 1.0
_CHILD_GRACE_SECONDS = 2.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class HostParts:
    """What the host works with. `standings` looks at what there is and decides what is wanted; `bundled` holds the
    `register` functions of plugins that are part of the gateway; `start` owns the host's own tasks."""

    shelves: Shelves
    standings: Callable[[], Awaitable[Sequence[PluginStanding]]]
    bundled: Mapping[str, Callable[[BundledApi], None]]
    services: PluginServices
    limits: Callable[[], PluginsLimitSettings]
    facts: FactStore
    clock: Clock
    data_directory: Path
    start: Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]]
    version: str = ""
    tell_down: Callable[[str, str], None] = lambda plugin, reason: None
    """Told when a plugin was set down, with the reason."""
    record: StepRecord | None = None
    """Whose code runs at the moment."""
    confinement: PluginConfinement | None = None
    """Keeps plugins in processes apart from what they did not ask for."""


@dataclass(slots=True)
class _Loaded:
    standing: PluginStanding
    guard: PluginGuard
    registered: Registered = field(default_factory=Registered)
    modules: PluginModules | None = None
    child: PluginChild | None = None
    bundled: bool = False
    since: float = 0.0


class PluginHost:
    """All plugins of this process."""

    def __init__(self, parts: HostParts) -> None:
        self._parts = parts
        self._alarm = LoopAlarm()
        self._loaded: dict[str, _Loaded] = {}
        self._others: dict[str, PluginState] = {}
        self._changing = asyncio.Lock()
        self._looking: set[asyncio.Task[None]] = set()
        self._failed: dict[str, tuple[PluginStanding, PluginState]] = {}

    async def begin(self) -> None:
        """Load what is wanted."""
        self._alarm.open()
        await self.look_again()

    async def look_again(self) -> None:
        """Have `refresh` done. One that is slow to begin keeps whoever calls waiting for a few seconds only."""
        looking = self._parts.start(self.refresh(), "plugins")
        self._looking.add(looking)
        looking.add_done_callback(self._looking.discard)
        await asyncio.wait({looking}, timeout=_PATIENCE_SECONDS)

    async def started(self) -> None:
        """The gateway serves: tell those who want to know."""
        self._parts.shelves.hooks.tell_soon(GatewayStart(version=self._parts.version))

    async def close(self) -> None:
        """Tell them of the end, and take all down."""
        looking = list(self._looking)
        for task in looking:
            task.cancel()
        await asyncio.gather(*looking, return_exceptions=True)
        await self._parts.shelves.hooks.tell(GatewayStop())
        async with self._changing:
            for plugin in reversed(list(self._loaded)):
                await self._unload(plugin)
        self._alarm.close()

    async def refresh(self) -> None:
        """Look at what there is and what is wanted, and do what is different: load, load anew, take down."""
        async with self._changing:
            try:
                standings = await self._parts.standings()
            except GatewayError as error:  # the database is away: all stays as it is
                _log.warning("plugins_not_looked_at", reason=error.message())
                return
            wanted = {one.found.id: one for one in standings if one.wanted}
            for plugin in [plugin for plugin in self._loaded if plugin not in wanted]:
                await self._unload(plugin)
            self._others = {one.found.id: _state(one) for one in standings if not one.wanted}
            loads = []
            for plugin, standing in wanted.items():
                old, failed = self._loaded.get(plugin), self._failed.get(plugin)
                if failed is not None and _same(failed[0], standing):
                    self._others[plugin] = failed[1]  # tried already: as it is it cannot begin
                elif old is None or not _same(old.standing, standing):
                    loads.append(self._load(standing, old))
            await asyncio.gather(*loads)
            await self._tell_states()

    def states(self) -> list[PluginState]:
        """How every plugin stands, by id."""
        found = dict(self._others)
        for plugin, loaded in self._loaded.items():
            found[plugin] = _loaded_state(loaded)
        return [found[plugin] for plugin in sorted(found)]

    def skill_folders(self) -> list[Path]:
        """The directories of skills that loaded plugins bring."""
        found = []
        for loaded in self._loaded.values():
            manifest = loaded.standing.found.manifest
            folder = Path(loaded.standing.found.folder)
            found += [folder / path for path in manifest.offers.skills] if manifest is not None else []
        return found

    async def _load(self, standing: PluginStanding, old: _Loaded | None) -> None:
        """Load a plugin. What there was of it before is in use until the new one has registered."""
        plugin = standing.found.id
        bundled = standing.found.origin == "bundled"
        guard = PluginGuard(
            plugin,
            self._alarm,
            self._parts.limits,
            self._parts.clock,
            lambda reason: self._set_down(plugin, reason),
            stepped=not standing.isolated and not bundled,
            record=self._parts.record,
        )
        loaded = _Loaded(standing, guard, bundled=bundled, since=self._parts.clock.now())
        if old is not None and old.modules is not None:
            old.modules.forget()
        try:
            with self._loading(loaded):
                await self._register(loaded)
            self._parts.shelves.detach(plugin)
            self._parts.shelves.attach(loaded.registered, guard, self._parts.limits)
        except GatewayError as error:
            await self._give_up(loaded, error)
        except TookTooLong:
            seconds = self._parts.limits().start_seconds
            await self._give_up(loaded, _start_failed(plugin, f"took longer than {seconds:g} s to begin"))
        except Exception as error:  # a plugin is an edge: whatever its beginning fails with is its own
            await self._give_up(loaded, _start_failed(plugin, f"{type(error).__name__}: {error}"[:500]))
        else:
            self._loaded[plugin] = loaded
            self._failed.pop(plugin, None)
        if old is not None:
            await self._end(old)
            if self._loaded.get(plugin) is old:
                del self._loaded[plugin]
        if self._loaded.get(plugin) is loaded:
            for name, run in loaded.registered.services.items():
                guard.start(self._serve(loaded, name, run), f"service {name}")
            tell = _log.debug if standing.found.origin == "bundled" else _log.info  # each start has those
            tell("plugin_loaded", plugin=plugin, origin=standing.found.origin, isolated=standing.isolated)

    def _loading(self, loaded: _Loaded) -> AbstractContextManager[None]:
        """Its code runs in this process meanwhile, in a thread of its own."""
        record, standing = self._parts.record, loaded.standing
        if record is None or loaded.bundled or standing.isolated:
            return nullcontext()
        return record.loading(standing.found.id)

    def in_process(self) -> dict[str, str]:
        """The plugins whose code runs in this process, by id, with their digests."""
        return {
            plugin: loaded.standing.found.digest
            for plugin, loaded in self._loaded.items()
            if not loaded.bundled and not loaded.standing.isolated
        }

    async def _register(self, loaded: _Loaded) -> None:
        standing = loaded.standing
        manifest = standing.found.manifest
        assert manifest is not None
        data = self._parts.data_directory / manifest.id
        api = PluginApi(manifest, standing.config, data, self._parts.services, loaded.guard.start)
        loaded.registered = api.registered
        if loaded.bundled:
            own = BundledApi(manifest, standing.config, data, self._parts.services, loaded.guard.start)
            loaded.registered = own.registered
            self._parts.bundled[manifest.id](own)
            return
        await asyncio.to_thread(data.mkdir, mode=0o700, parents=True, exist_ok=True)
        if standing.isolated:
            limits = self._parts.limits()
            loaded.child = PluginChild(
                standing, api, self._parts.services, limits, self._parts.start, self._parts.confinement
            )
            await loaded.child.begin()
            return
        folder = None if standing.found.origin == "distribution" else standing.found.folder
        modules = loaded.modules = PluginModules(
            manifest.id, folder, manifest.entry.partition(":")[0].partition(".")[0]
        )

        def register() -> Any:
            return modules.function(manifest.entry)(api)

        seconds = self._parts.limits().start_seconds
        answer = await in_own_thread(register, seconds, f"plugin {manifest.id}")
        if inspect.iscoroutine(answer):
            await loaded.guard.call("register", lambda: answer, seconds=seconds)
        api.close_registration()

    async def _serve(self, loaded: _Loaded, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """A service, begun again when it fails, a few times."""
        for attempt in range(_SERVICE_TRIES):
            try:
                await run()
                return
            except Exception as error:  # a plugin is an edge
                loaded.guard.failed(f"service {name}", f"{type(error).__name__}: {error}")
            await self._parts.clock.sleep(_SERVICE_WAIT_SECONDS * 2**attempt)

    async def _unload(self, plugin: str) -> None:
        loaded = self._loaded.pop(plugin)
        self._parts.shelves.detach(plugin)
        await self._end(loaded)
        tell = _log.debug if loaded.bundled else _log.info
        tell("plugin_unloaded", plugin=plugin)

    async def _end(self, loaded: _Loaded) -> None:
        guard = loaded.guard
        was_closed, guard.closed = guard.closed, False
        for close in reversed(loaded.registered.closers):
            try:
                await guard.call("on_close", close, seconds=_CHILD_GRACE_SECONDS)
            except GatewayError as error:
                _log.warning("plugin_close_failed", plugin=guard.plugin, reason=error.message())
        guard.closed = was_closed
        ended = await guard.close()
        services = len(loaded.registered.services) if loaded.child is None else 0
        if ended > services:
            _log.info("plugin_tasks_cancelled", plugin=guard.plugin, tasks=ended)
        if loaded.child is not None:
            await loaded.child.close()
        if loaded.modules is not None:
            loaded.modules.forget()

    async def _give_up(self, loaded: _Loaded, error: GatewayError) -> None:
        plugin = loaded.standing.found.id
        self._parts.shelves.detach(plugin)
        await self._end(loaded)
        _log.error("plugin_not_loaded", plugin=plugin, reason=error.message())
        state = _state(loaded.standing)
        state.status, state.reason = "error", (error.message("en"), error.message("zh"))
        self._others[plugin] = state
        self._failed[plugin] = loaded.standing, state

    def _set_down(self, plugin: str, reason: str) -> None:
        """Called by a guard, maybe from within a call of the plugin: the work is done beside it."""
        _log.error("plugin_set_down", plugin=plugin, reason=reason)
        self._parts.tell_down(plugin, reason)
        self._parts.start(self._take_down(plugin, reason), f"taking down {plugin}")

    async def _take_down(self, plugin: str, reason: str) -> None:
        async with self._changing:
            loaded = self._loaded.get(plugin)
            if loaded is None:
                return
            down = dict(await self._parts.facts.get(DOWN) or {})
            down[plugin] = {
                "reason": reason,
                "at": self._parts.clock.now(),
                "digest": loaded.standing.found.digest,
                "failures": loaded.guard.failures,
            }
            await self._tell_states()  # how often it failed is to be seen as soon as that it is down
            await self._parts.facts.put(DOWN, down)
            state = _loaded_state(loaded)
            await self._unload(plugin)
            text = Text("plugins.down", {"reason": reason})
            state.status, state.reason = "down", (text.render("en"), text.render("zh"))
            self._others[plugin] = state
            await self._tell_states()

    async def _tell_states(self) -> None:
        """Write down how they stand, for the command line."""
        told = {
            state.id: {
                "status": state.status,
                "reason": list(state.reason),
                "calls": state.calls,
                "failures": state.failures,
                "lastFailure": state.last_failure,
                "since": state.since,
                "isolated": state.isolated,
                "sandboxed": state.sandboxed,
                "offers": {kind: list(names) for kind, names in state.offers.items()},
            }
            for state in self.states()
        }
        await self._parts.facts.put(STATES, told)


def _same(old: PluginStanding, new: PluginStanding) -> bool:
    return _traits(old) == _traits(new)


def _traits(standing: PluginStanding) -> tuple[object, ...]:
    """What makes a plugin another one, which is to be loaded anew."""
    found = standing.found
    return found.origin, found.folder, found.digest, standing.config, standing.isolated, standing.revision


def _state(standing: PluginStanding) -> PluginState:
    found, reason = standing.found, standing.reason
    return PluginState(
        found.id,
        standing.status,
        found.origin,
        found.folder,
        found.manifest.version if found.manifest else "",
        standing.isolated,
        (reason.render("en"), reason.render("zh")) if reason is not None else ("", ""),
    )


def _loaded_state(loaded: _Loaded) -> PluginState:
    status: Status = "loaded"
    state, guard = _state(loaded.standing), loaded.guard
    state.status, state.since, state.offers = status, loaded.since, loaded.registered.names()
    state.sandboxed = loaded.child is not None and loaded.child.sandboxed
    state.calls, state.failures, state.last_failure = guard.calls, guard.failures, guard.last_failure
    return state


def _start_failed(plugin: str, reason: str) -> GatewayError:
    values = {"plugin": plugin, "reason": reason}
    return GatewayError(ErrorKind.INTERNAL, Text("plugins.not_begun", values), {"code": "plugin_failed"})
