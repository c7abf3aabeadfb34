"""What goes on beside the requests: taking up changed settings and keys, asking for model lists, retention."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass

import structlog

from crawdad.app.logs import CLEANER, configure_logs
from crawdad.core.errors import GatewayError
from crawdad.core.pacing import until_next
from crawdad.core.ports import Clock
from crawdad.core.settings import LogSettings, Settings
from crawdad.services.catalogue.live import LiveCatalogue
from crawdad.services.configuration.difference import difference
from crawdad.services.configuration.loading import Loaded
from crawdad.services.configuration.source import ConfigurationSource
from crawdad.services.identity import Door
from crawdad.services.identity.keys import KEYS_CHANGED, Keys
from crawdad.services.tasks import Tasks
from crawdad.store.changes import Changes
from crawdad.store.database import Database
from crawdad.store.retention import Kept, apply_retention
from crawdad.store.usage import count_older

_log = structlog.get_logger(__name__)
_CHANGES_SECONDS = 1.0
_USES_SECONDS = 5.0
_LISTS_SECONDS = 600.0
_RETENTION_SECONDS = 3600.0
_BREATH_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class _Parts:
    """What new settings go to."""

    keys: Keys
    door: Door
    live: LiveCatalogue


class Upkeep:
    """Holds the settings of the moment and the tasks that keep them and what depends on them fresh."""

    def __init__(self, settings: Settings, loaded: Loaded, source: ConfigurationSource) -> None:
        self.settings = settings
        self._loaded = loaded
        self._source = source
        self._lists_wanted = asyncio.Event()
        self._failing: list[str] = []
        self.database_fault: GatewayError | None = None
        """What the database answered last, where that was no answer."""
        self.followed: dict[str, Callable[[], Awaitable[None]]] = {}
        """What to do when another process changed something of a topic."""
        self.after_settings: list[Callable[[], Awaitable[None] | None]] = []
        """What else is to be done when new settings count."""
        self.noted: list[Callable[[Sequence[str]], Awaitable[None]]] = []
        """Whom to tell which settings were changed."""
        self.after_files: list[Callable[[], Awaitable[None]]] = []
        """What else is to be done when the configuration's files have changed, valid or not."""
        self._taking = asyncio.Lock()
        self._parts: _Parts | None = None

    def want_lists(self) -> None:
        """Let providers be asked for their lists soon."""
        self._lists_wanted.set()

    def failing(self) -> list[str]:
        """The parts that are not ready."""
        return list(self._failing)

    def watch(
        self,
        tasks: Tasks,
        database: Database,
        changes: Changes,
        clock: Clock,
        keys: Keys,
        door: Door,
        live: LiveCatalogue,
    ) -> None:
        """Start the tasks."""
        self._parts = _Parts(keys, door, live)
        tasks.start(self._follow_configuration(), "configuration")
        tasks.start(self._follow_changes(changes, clock, keys, door), "changes")
        tasks.start(self._refresh_lists(live), "model lists")
        tasks.start(self._apply_retention(database, clock), "retention")
        tasks.start(_count_older(database, clock), "usage of older exchanges")

    async def take(self, loaded: Loaded) -> None:
        """Take up a configuration at once, as whoever has just written it wants to see it work."""
        assert self._parts is not None
        async with self._taking:  # the newest counts, whoever came first
            await self._take(self._source.loaded or loaded, self._parts)

    async def _follow_configuration(self) -> None:
        async for loaded in self._source.changes(self._loaded, seal=True):
            await self.take(loaded)
            for follow in self.after_files:
                await follow()

    async def _take(self, loaded: Loaded, parts: _Parts) -> None:
        for problem in loaded.problems:
            level = _log.error if problem.is_error else _log.warning
            level("configuration", problem=problem.describe(), kept=loaded.kept)
        if loaded.settings is None or loaded.kept:
            return
        found = difference(self.settings, loaded.settings)
        if not found:
            return
        try:
            await parts.keys.refresh(parts.door, loaded.settings.gateway.auth)
        except GatewayError as error:
            _log.error("configuration", problem=error.message(), kept=True)
            return
        CLEANER.remember(loaded.settings)
        if loaded.settings.logging != self.settings.logging:
            configure_logs(loaded.settings.logging)
        self.settings = loaded.settings
        parts.live.apply(loaded.settings)
        for apply in self.after_settings:
            pending = apply()
            if pending is not None:
                await pending
        self._lists_wanted.set()
        for note in self.noted:
            await note([change.path for change in found.changes])
        _log.info(
            "configuration_applied",
            changed=[change.path for change in found.changes],
            after_restart=[change.path for change in found.changes if not change.hot],
        )

    async def _follow_changes(self, changes: Changes, clock: Clock, keys: Keys, door: Door) -> None:
        """What another process changed (the command line, a neighbour in the cluster) counts within a second; when keys were
        last used is written down now and then."""
        known: dict[str, int] | None = None
        noted = -_USES_SECONDS
        while True:
            try:
                revisions = await changes.revisions()
                if known is None or revisions.get(KEYS_CHANGED) != known.get(KEYS_CHANGED):
                    await keys.refresh(door, self.settings.gateway.auth)
                for topic, take_up in self.followed.items():
                    if known is not None and revisions.get(topic) != known.get(topic):
                        await take_up()
                known = revisions
                if clock.monotonic() - noted >= _USES_SECONDS:
                    await keys.note_uses(door)
                    noted = clock.monotonic()
                self._set_failing("database", False)
                self.database_fault = None
            except GatewayError as error:
                self._set_failing("database", True)
                self.database_fault = error
                _log.warning("database_unavailable", reason=error.message())
            await clock.sleep(until_next(clock.monotonic(), _CHANGES_SECONDS))

    async def _refresh_lists(self, live: LiveCatalogue) -> None:
        while True:
            await live.refresh()
            self._lists_wanted.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(_LISTS_SECONDS):
                    await self._lists_wanted.wait()

    async def _apply_retention(self, database: Database, clock: Clock) -> None:
        while True:
            try:
                removed = await apply_retention(database, clock.now(), _kept(self.settings.logging))
                if removed:
                    _log.info("retention", **asdict(removed))
            except GatewayError as error:
                _log.warning("retention_failed", reason=error.message())
            await clock.sleep(_RETENTION_SECONDS)

    def _set_failing(self, part: str, failing: bool) -> None:
        if failing and part not in self._failing:
            self._failing.append(part)
        elif not failing and part in self._failing:
            self._failing.remove(part)


async def _count_older(database: Database, clock: Clock) -> None:
    """Exchanges that were kept before usage was counted are counted once, a little at a time."""
    counted = 0
    while True:
        try:
            found = await count_older(database)
        except GatewayError as error:
            _log.warning("usage_not_counted", reason=error.message())
            await clock.sleep(_CHANGES_SECONDS)
            continue
        counted += found
        if not found:
            break
        await clock.sleep(_BREATH_SECONDS)
    if counted:
        _log.info("usage_counted", exchanges=counted)


def _kept(settings: LogSettings) -> Kept:
    bodies = settings.bodies
    return Kept(
        settings.retention_days,
        settings.retention_megabytes,
        bodies.retention_days,
        bodies.retention_megabytes,
        settings.statistics.retention_days,
        settings.activity.retention_days,
        settings.activity.max_entries,
    )
