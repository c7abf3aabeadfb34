"""The machine that the gateway runs on, and the port that looks at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine. Memory in MiB, `uptime` in seconds; `load` are the means of 1, 5 and 15 minutes, empty where nobody counts.
    Usage is in percent; the disk is the one that `disk_path` lies on.
    `platform` and `architecture` are Python's words (`linux`, `x86_64`)."""

    platform: str
    architecture: str
    hostname: str
    total_memory: int
    free_memory: int
    processors: int
    processor: str
    uptime: int
    user: str
    distribution: str
    release: str
    load: Sequence[float]
    python: str
    processor_usage: float
    disk_path: str
    disk_usage: float


class MachineFacts(Protocol):
    """Looks at this machine."""

    async def look(self) -> Machine:
        """How it is now."""


@dataclass(frozen=True, slots=True)
class ProcessState:
    """What this process takes, and what is left for it. Memory and disk in bytes; the disk is the one that its data lie on.
    `processor` is in percent of one processor; `most_memory` is the machine's, or what the process's group is let of it;
    `most_files` 0: nobody says how many it may open."""

    id: int
    processor: float
    resident: int
    most_memory: int
    open_files: int
    most_files: int
    disk_free: int
    disk_total: int


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """What a process takes and what it may take, in bytes."""

    resident: int
    limit: int

    @property
    def percent(self) -> float:
        """Of what it may."""
        return 100.0 * self.resident / self.limit if self.limit > 0 else 0.0


class MemoryFacts(Protocol):
    """Looks at this process's memory: cheap enough to be asked every second."""

    async def memory(self) -> MemoryUse:
        """How it is now. The limit is the container's, else the machine's memory."""


class ProcessFacts(Protocol):
    """Looks at this process."""

    async def process(self) -> ProcessState:
        """How it is now."""
