"""The machine and the programs on it, for people who look for what is missing: gathered beside the event loop, kept a while."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from crawdad.core.machine import Machine, MachineFacts
from crawdad.core.ports import Clock

PROGRAMS = ("node", "npm", "docker", "git", "bun")
_KEPT_SECONDS = 30.0
_SECONDS = 12.0


class Versions(Protocol):
    """Programs of this machine."""

    async def find(self, name: str) -> str | None:
        """Where a program is."""

    async def version(self, path: str) -> str | None:
        """What it says to `--version`; None when it does not run."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The machine, and the version that each of `PROGRAMS` tells; None: it is not there."""

    machine: Machine
    programs: Mapping[str, str | None]


class SurroundingsReport:
    """Whoever asks meanwhile gets the same report."""

    def __init__(self, facts: MachineFacts, versions: Versions, clock: Clock) -> None:
        self._facts = facts
        self._versions = versions
        self._clock = clock
        self._kept: tuple[float, Mapping[str, str | None]] | None = None
        self._looking = asyncio.Lock()

    async def machine(self) -> Machine:
        """The machine alone, as it is now."""
        return await self._facts.look()

    async def look(self) -> Surroundings:
        """The machine as it is now; the programs as they were at most half a minute ago."""
        async with self._looking:
            now = self._clock.monotonic()
            if self._kept is None or now - self._kept[0] >= _KEPT_SECONDS:
                found = await asyncio.gather(*(self._version(name) for name in PROGRAMS))
                self._kept = now, dict(zip(PROGRAMS, found, strict=True))
            return Surroundings(await self._facts.look(), self._kept[1])

    async def _version(self, name: str) -> str | None:
        try:
            async with asyncio.timeout(_SECONDS):
                path = await self._versions.find(name)
                said = await self._versions.version(path) if path is not None else None
        except TimeoutError:
            return None
        return said.splitlines()[0].strip()[:200] if said else None
