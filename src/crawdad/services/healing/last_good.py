"""With what the gateway last did well for a while: written down by a gateway that does, never by one that merely begins."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import structlog

from crawdad.core.errors import GatewayError
from crawdad.core.health import HealthLevel
from crawdad.core.ports import Clock
from crawdad.services.backups.service import Backups

LOOK_SECONDS = 15.0
_WRITTEN_LOOK_SECONDS = 60.0
"""Between looks when what is now is written down: each reads the whole configuration."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LastGood:
    """`backup` holds the configuration, whose hash is `configuration`; `plugins` are those that ran in the process, with their
    digests; `healing`: whether healing was on."""

    at: float
    backup: str
    configuration: str
    plugins: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    healing: bool = True


class LastGoodFile(Protocol):
    """Where it stands: it is needed where the database is not."""

    async def read(self) -> Mapping[str, Any] | None:
        """What was written; None where there is nothing that can be read."""

    async def write(self, value: Mapping[str, Any]) -> None:
        """Replace it. Raises UNAVAILABLE."""


class LastGoodRecord:
    """Keeps it. `plugins`: those that run in the process now; `stable_seconds`: for how long all must have been well."""

    def __init__(
        self,
        file: LastGoodFile,
        backups: Backups,
        level: Callable[[], HealthLevel | None],
        plugins: Callable[[], Mapping[str, str]],
        stable_seconds: Callable[[], float],
        clock: Clock,
    ) -> None:
        self._file = file
        self._backups = backups
        self._level = level
        self._plugins = plugins
        self._stable_seconds = stable_seconds
        self._clock = clock
        self._same: tuple[str, Mapping[str, str]] | None = None
        self._since = clock.monotonic()
        self._written = False

    async def keep(self, healing: Callable[[], bool]) -> None:
        """For ever."""
        while True:
            await self._clock.sleep(_WRITTEN_LOOK_SECONDS if self._written else LOOK_SECONDS)
            try:
                await self.look(healing())
            except GatewayError as error:
                _log.warning("last_good_not_kept", reason=error.message())

    async def look(self, healing: bool = True) -> None:
        """Write it down once nothing has changed, and nothing was down, for long enough."""
        backup = await self._newest()
        plugins = dict(self._plugins())
        same = None if backup is None else (backup.configuration, plugins)
        if same != self._same or self._level() in (None, "down"):
            self._same, self._since, self._written = same, self._clock.monotonic(), False
            return
        if backup is None or self._written or self._clock.monotonic() - self._since < self._stable_seconds():
            return
        found = LastGood(
            self._clock.now(), backup.id, backup.configuration, plugins, self._backups.ground.version, healing
        )
        await self._file.write(asdict(found))
        self._written = True

    async def _newest(self) -> Any:
        """The backup of the configuration as it is now, where that is free of errors."""
        await self._backups.note_configuration()
        newest = next((backup for backup in await self._backups.listed() if "config" in backup.parts), None)
        return newest if newest is not None and newest.valid else None


async def read_last_good(read: Callable[[], Awaitable[Mapping[str, Any] | None]]) -> LastGood | None:
    """What a gateway wrote down; None where there is nothing."""
    value = await read()
    try:
        return None if value is None else LastGood(**value)
    except TypeError:
        return None
