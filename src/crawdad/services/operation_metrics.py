"""Figures of what the gateway does for itself, for Prometheus: sessions, queues, cron, healing, backups, notifications, disk.

What happens is counted as it is told on the bus; what is there is looked at now and then, however often somebody asks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import structlog

from crawdad.core.backups import Backup
from crawdad.core.cron import CRON_CHANGED
from crawdad.core.errors import GatewayError
from crawdad.core.happenings import BACKUP_FAILED, HEAL_CHANGED, Event
from crawdad.core.ports import Bus, Clock

if TYPE_CHECKING:
    from prometheus_client.core import Metric

_LOOK_SECONDS = 30.0
_SELDOM_SECONDS = 600.0
_ENDS = frozenset(("healed", "failed", "told"))

_log = structlog.get_logger(__name__)


class Depths(Protocol):
    """How much there is of something."""

    async def sessions(self) -> int: ...

    async def inbox(self) -> int: ...

    async def outbox(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Watched:
    """What is looked at. `log_waiting`: exchanges that wait to be written; `notified`: what became of notifications, by kind of
    target and outcome; `free`: bytes on the disk of the data."""

    depths: Depths
    log_waiting: Callable[[], int]
    notified: Callable[[], Mapping[tuple[str, str], int]]
    backups: Callable[[], Awaitable[Sequence[Backup]]]
    free: Callable[[], Awaitable[int]]


class OperationMetrics:
    """What `/metrics` tells of that. `keep_looking` and `keep_counting` are to be run."""

    def __init__(self, watched: Watched, bus: Bus, clock: Clock, runner: str) -> None:
        self._watched, self._bus, self._clock, self._runner = watched, bus, clock, runner
        self._runs: Counter[str] = Counter()
        self._healed: Counter[tuple[str, str, str]] = Counter()
        self._gauges: dict[str, float] = {}
        self._made: dict[str, float] = {}
        self._failed_at = 0.0
        self._counted = float("-inf")

    async def keep_counting(self) -> None:
        """Count what this process tells, for ever."""
        async for event in self._bus.subscribe([CRON_CHANGED, HEAL_CHANGED, BACKUP_FAILED]):
            if event.origin == self._runner:
                self._count(event)

    async def keep_looking(self) -> None:
        """Look now and then, for ever."""
        while True:
            try:
                await self.look()
            except (GatewayError, OSError) as error:
                _log.debug("figures_not_taken", reason=str(error))
            await self._clock.sleep(_LOOK_SECONDS)

    async def look(self) -> None:
        """Once."""
        self._gauges["disk"] = await self._watched.free()
        for backup in await self._watched.backups():
            self._made[backup.kind] = max(backup.created_at, self._made.get(backup.kind, 0.0))
        self._gauges["inbox"] = await self._watched.depths.inbox()
        self._gauges["outbox"] = await self._watched.depths.outbox()
        if self._clock.monotonic() - self._counted >= _SELDOM_SECONDS:
            self._gauges["sessions"] = await self._watched.depths.sessions()
            self._counted = self._clock.monotonic()

    def _count(self, event: Event) -> None:
        data = event.data
        if event.topic == BACKUP_FAILED:
            self._failed_at = event.at
        elif event.topic == CRON_CHANGED and data.get("action") == "finished":
            self._runs[str(data.get("status", "?"))] += 1
        elif event.topic == HEAL_CHANGED and data.get("status") in _ENDS:
            self._healed[str(data.get("cause")), str(data.get("remedy")), str(data["status"])] += 1

    def collect(self) -> Iterator[Metric]:
        """The series, as Prometheus's client library wants them."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        if "sessions" in self._gauges:
            yield GaugeMetricFamily("crawdad_sessions", "Sessions that are kept.", value=self._gauges["sessions"])
        depths = GaugeMetricFamily("crawdad_queue_depth", "What waits in a queue.", labels=("queue",))
        depths.add_metric(("log",), self._watched.log_waiting())
        for name in ("inbox", "outbox"):
            if name in self._gauges:
                depths.add_metric((name,), self._gauges[name])
        yield depths
        runs = CounterMetricFamily("crawdad_cron_runs", "Runs of cron jobs that ended.", labels=("outcome",))
        for outcome, count in self._runs.items():
            runs.add_metric((outcome,), count)
        yield runs
        healed = CounterMetricFamily(
            "crawdad_healing_actions", "What healing did.", labels=("cause", "remedy", "outcome")
        )
        for labels, count in self._healed.items():
            healed.add_metric(labels, count)
        yield healed
        notified = CounterMetricFamily(
            "crawdad_notifications", "Letters to targets that arrived or were given up.", labels=("kind", "outcome")
        )
        for kind, count in self._watched.notified().items():
            notified.add_metric(kind, count)
        yield notified
        made = GaugeMetricFamily(
            "crawdad_backup_last_timestamp_seconds", "When the newest backup of a kind was made.", labels=("kind",)
        )
        for name, at in self._made.items():
            made.add_metric((name,), at)
        yield made
        good = self._failed_at <= self._made.get("full", 0.0)
        yield GaugeMetricFamily(
            "crawdad_backup_last_success", "1 unless the last backup that was due was not made.", value=int(good)
        )
        if "disk" in self._gauges:
            yield GaugeMetricFamily(
                "crawdad_disk_free_bytes", "Free on the disk of the data directory.", value=self._gauges["disk"]
            )
