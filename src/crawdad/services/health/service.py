"""The health of the gateway: looked at three times a minute, kept once a minute, for a day by the minute and for a week by the
quarter of an hour.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Protocol

import structlog

from crawdad.core.errors import GatewayError
from crawdad.core.happenings import HEALTH_CHANGED, Event
from crawdad.core.health import Finding, HealthLevel, HealthSample, worst
from crawdad.core.machine import MachineFacts
from crawdad.core.pacing import until_next
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Bus, Clock, Randomness
from crawdad.core.text import Text
from crawdad.services.health.hysteresis import Held
from crawdad.services.health.process import DATABASE, EVENT_LOOP, FRONT_DOOR, HEARTBEAT, Heart

FIRST_SECONDS = 3.0
ROUND_SECONDS = 20.0
SAMPLE_SECONDS = 60
FOLDED_SECONDS = 900
DAY_SECONDS = 86_400
KEPT_SECONDS = 7 * DAY_SECONDS
_TIDY_SECONDS = 3600.0
_PROBE_SECONDS = 10.0
_VITAL = frozenset({FRONT_DOOR, DATABASE, HEARTBEAT, EVENT_LOOP})
"""Without one of these the gateway is down; without another part it still serves."""

_log = structlog.get_logger(__name__)


class Probe(Protocol):
    """Looks at one part, or at some that are seen together."""

    async def look(self) -> Mapping[str, Finding]:
        """What was found, by part; a part that there is none of is left out."""


class Store(Protocol):
    """Where samples are kept."""

    async def add(self, sample: HealthSample) -> None:
        """Keep one."""

    async def since(self, at: float) -> list[HealthSample]:
        """Those from `at` on, the oldest first."""

    async def fold(self, before: float, span: int) -> int:
        """Put those before `before` together to one for each `span` seconds. Returns how many there were."""

    async def delete_before(self, at: float) -> int:
        """Forget older ones."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part: the level that holds, and what the last look found."""

    held: Held
    finding: Finding


@dataclass(frozen=True, slots=True)
class HealthReport:
    """How it is. Times are Unix seconds; `checked_at` None: nobody has looked yet, and `level` is `ok` so far."""

    level: HealthLevel = "ok"
    checked_at: float | None = None
    response_ms: float | None = None
    parts: Mapping[str, Part] = field(default_factory=dict)


class Health:
    """Of this process. `keep_looking` is to be run, and the heart beside it."""

    def __init__(
        self,
        probes: Sequence[Probe],
        heart: Heart,
        machine: MachineFacts,
        store: Store,
        clock: Clock,
        randomness: Randomness,
        bus: Bus | None = None,
    ) -> None:
        self.report = HealthReport()
        """The newest."""
        self.fault: GatewayError | None = None
        """Why the last minute could not be kept."""
        self._probes = (heart, *probes)
        self._heart = heart
        self._machine = machine
        self._store = store
        self._clock = clock
        self._randomness = randomness
        self._bus = bus
        self._minute: list[HealthReport] = []
        self._sampled = self._tidied = float("-inf")

    @property
    def heartbeat_at(self) -> float:
        """When the event loop turned last, Unix seconds."""
        return self._heart.beat_at

    async def history(self) -> list[HealthSample]:
        """The last 24 hours, the oldest first."""
        return await self._store.since(self._clock.now() - DAY_SECONDS)

    async def keep_looking(self) -> None:
        """Look again and again, for ever."""
        await self._clock.sleep(FIRST_SECONDS)
        while True:
            await self.look()
            await self.keep()
            await self._clock.sleep(until_next(self._clock.monotonic(), ROUND_SECONDS))

    async def look(self) -> HealthReport:
        """One round of all probes."""
        found: dict[str, Finding] = {}
        for each in await asyncio.gather(*(self._ask(probe) for probe in self._probes)):
            found |= each
        before = self.report
        parts = {name: Part(_held(before, name).after(finding.level), finding) for name, finding in found.items()}
        level = level_of(parts)
        door = found.get(FRONT_DOOR)
        self.report = HealthReport(level, self._clock.now(), door.figure if door is not None else None, parts)
        self._minute.append(self.report)
        if level != before.level:
            bad = sorted(name for name, part in parts.items() if part.held.level != "ok")
            _log.warning("health_changed", before=before.level, now=level, parts=bad)
            await self._tell({"before": before.level, "now": level, "parts": bad})
        return self.report

    async def _tell(self, data: JsonObject) -> None:
        if self._bus is None:
            return
        try:
            await self._bus.publish(Event(HEALTH_CHANGED, data, self._clock.now()))
        except GatewayError as error:
            _log.warning("health_not_told", reason=error.message())

    async def keep(self) -> None:
        """Keep what the last minute was like, once it is over, and tidy up now and then."""
        now = self._clock.monotonic()
        if not self._minute or now - self._sampled < SAMPLE_SECONDS - ROUND_SECONDS / 2:
            return
        try:
            await self._store.add(await self._sample())
            self._sampled, self._minute, self.fault = now, [], None
            if now - self._tidied >= _TIDY_SECONDS:
                await self._tidy(self._clock.now())
                self._tidied = now
        except Exception as error:  # the history has a gap then; looking goes on
            self.fault = error if isinstance(error, GatewayError) else None
            self._minute = self._minute[-int(SAMPLE_SECONDS / ROUND_SECONDS) :]
            _log.warning("health_not_kept", reason=str(error) or type(error).__name__)

    async def _tidy(self, now: float) -> None:
        await self._store.fold((now - DAY_SECONDS) // FOLDED_SECONDS * FOLDED_SECONDS, FOLDED_SECONDS)
        await self._store.delete_before(now - KEPT_SECONDS)

    async def _sample(self) -> HealthSample:
        machine = await self._machine.look()
        answers = [report.response_ms for report in self._minute if report.response_ms is not None]
        bad: dict[str, HealthLevel] = {}
        for report in self._minute:
            for name, part in report.parts.items():
                if part.held.level != "ok":
                    bad[name] = worst((bad.get(name, "ok"), part.held.level))
        used = machine.total_memory - machine.free_memory
        return HealthSample(
            id=self._randomness.new_id(),
            at=self._clock.now(),
            span=SAMPLE_SECONDS,
            level=worst(report.level for report in self._minute),
            response_ms=round(fmean(answers), 1) if answers else None,
            processor=machine.processor_usage,
            memory=round(100 * used / machine.total_memory, 1) if machine.total_memory else 0.0,
            parts=bad,
        )

    async def _ask(self, probe: Probe) -> Mapping[str, Finding]:
        try:
            async with asyncio.timeout(_PROBE_SECONDS):
                return await probe.look()
        except Exception as error:  # a probe that breaks is itself a finding, and the others are still asked
            name = type(probe).__name__
            _log.warning("probe_failed", probe=name, reason=str(error) or type(error).__name__)
            return {name: Finding("degraded", None, Text("health.probe", {"error": type(error).__name__}))}


def level_of(parts: Mapping[str, Part]) -> HealthLevel:
    """The level of all: down where a vital part is, degraded where anything is not well. Pure."""
    if any(part.held.level == "down" for name, part in parts.items() if name in _VITAL):
        return "down"
    return "ok" if all(part.held.level == "ok" for part in parts.values()) else "degraded"


def _held(report: HealthReport, name: str) -> Held:
    part = report.parts.get(name)
    return part.held if part is not None else Held()
