"""What Prometheus is told of the gateway's own work, put together."""

from __future__ import annotations

from pathlib import Path

from crawdad.adapters.own_disk import OwnDisk
from crawdad.app.accounts import World
from crawdad.services.backups.service import Backups
from crawdad.services.metrics import ExchangeMetrics
from crawdad.services.notifications import Notifications
from crawdad.services.operation_metrics import OperationMetrics, Watched
from crawdad.services.tasks import Tasks
from crawdad.store.figures import Figures
from crawdad.store.journal import SpoolJournal

_MEGABYTE = 1 << 20


def start_figures(
    world: World,
    tasks: Tasks,
    metrics: ExchangeMetrics,
    journal: SpoolJournal,
    backups: Backups,
    notifications: Notifications,
) -> None:
    """Count from now on."""
    disk = OwnDisk(Path(world.home))

    async def free() -> int:
        return await disk.free_megabytes() * _MEGABYTE

    watched = Watched(
        Figures(world.database),
        lambda: journal.pending,
        lambda: notifications.sending.outcomes,
        backups.listed,
        free,
    )
    made = OperationMetrics(watched, world.cluster.bus, world.clock, world.runner)
    metrics.beside.append(made)
    tasks.start(made.keep_counting(), "operations counted")
    tasks.start(made.keep_looking(), "operations measured")
