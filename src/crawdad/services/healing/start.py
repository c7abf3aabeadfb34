"""A start that failed: what is known of it, and what looking into it works with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from crawdad.core.backups import Backup
from crawdad.core.healing import Cause, HealFolder
from crawdad.core.ports import Clock, Randomness
from crawdad.core.settings import Settings
from crawdad.core.tasks import Words
from crawdad.services.backups.restoring import Restores
from crawdad.services.backups.salvaging import Salvages
from crawdad.services.backups.service import Backups
from crawdad.services.configuration.loading import Loaded
from crawdad.services.healing.last_good import LastGood


@dataclass(frozen=True, slots=True)
class StartFacts:
    """What the supervisor saw. `reason`: `port` or `failures`; `code` is what the last process ended with, `how` that in words;
    `served`: one of those that failed had come to serve; `last`: without a remedy it is safe mode now."""

    reason: str
    code: int = 0
    how: str = ""
    failures: int = 0
    served: bool = False
    last: bool = False
    host: str = ""
    port: int = 0


class Disk(Protocol):
    """The disk that the home lies on, as far as it is ours."""

    async def free_megabytes(self) -> int: ...

    async def free(self) -> tuple[int, int]:
        """Remove what can be made again or is long told: bytes and files."""


class StartPlugins(Protocol):
    """The plugins that would be loaded into the process."""

    async def in_process(self) -> Mapping[str, str]:
        """By id, their digests."""

    async def set_down(self, plugin: str, reason: str) -> None:
        """Have one not loaded. Raises UNAVAILABLE where that cannot be written down."""


@dataclass(frozen=True, slots=True)
class MendingParts:
    """What mending works with. `load` reads the configuration, `settings_of` that of a backup; `damage` looks the database
    through, with True to the last index; `steps` tells at which times processes died in code of which plugins."""

    load: Callable[[], Awaitable[Loaded]]
    settings_of: Callable[[Backup], Awaitable[Settings | None]]
    backups: Backups
    restores: Restores
    salvages: Salvages
    damage: Callable[[bool], Awaitable[Words | None]]
    disk: Disk
    holder: Callable[[int], Awaitable[str]]
    steps: Callable[[], Awaitable[Sequence[tuple[float, str]]]]
    plugins: StartPlugins
    last_good: LastGood | None
    folder: HealFolder
    clock: Clock
    randomness: Randomness


@dataclass(frozen=True, slots=True)
class Found:
    """What seems to be the cause, and what was seen of it. `evident`: it is no guess."""

    cause: Cause
    seen: tuple[Words, ...]
    subject: str = ""
    confidence: float = 1.0
    evident: bool = True
