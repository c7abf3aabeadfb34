"""Tasks, backups and updates put together, for a running application and for the command line."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from crawdad import __version__
from crawdad.adapters.backups import LocalBackups
from crawdad.adapters.files import LocalFiles, read_environment
from crawdad.adapters.http import HttpTransport
from crawdad.adapters.package_index import HttpPackageIndex
from crawdad.adapters.programs import LocalEnvironments
from crawdad.adapters.programs.environments import managed_by
from crawdad.adapters.proxies import proxy_from_environment
from crawdad.adapters.system import SystemClock, SystemRandomness, machine_zone
from crawdad.app.launch import Launch
from crawdad.app.logs import log_aside
from crawdad.app.switches import LocalSwitches
from crawdad.app.wiring import configuration_source, database_url, secret_box
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.ports import SecretBox, Transport
from crawdad.core.settings import Settings
from crawdad.core.text import Text
from crawdad.services.backups.ground import Ground
from crawdad.services.backups.orders import BackupOrders
from crawdad.services.backups.restoring import Restores
from crawdad.services.backups.service import Backups
from crawdad.services.configuration.source import ConfigurationSource, Edit
from crawdad.services.schedule.zones import zones
from crawdad.services.task_board import TaskBoard
from crawdad.services.updates.orders import UpdateOrders
from crawdad.services.updates.service import Updates
from crawdad.services.upstreams import ProxyFor
from crawdad.store.copying import sqlite_path
from crawdad.store.database import Database, open_database

BACKUPS = "backups"


@dataclass(frozen=True, slots=True)
class Kept:
    """The backups of an installation, and the way back to them."""

    backups: Backups
    restores: Restores
    switches: LocalSwitches
    database: Database | None
    box: SecretBox


@dataclass(frozen=True, slots=True)
class Operations:
    """What a running application does about itself."""

    tasks: TaskBoard
    backups: Backups
    restores: Restores
    updates: Updates
    backup_orders: BackupOrders
    update_orders: UpdateOrders


@dataclass(frozen=True, slots=True)
class Updating:
    """The updates of an installation, and the switches that put them in place."""

    updates: Updates
    switches: LocalSwitches


def make_backups(
    launch: Launch,
    source: ConfigurationSource,
    settings: Callable[[], Settings],
    box: SecretBox,
    database: Database | GatewayError | None,
    write: Callable[[Edit], Awaitable[object]],
    jobs_changed: Callable[[], Awaitable[None]] | None = None,
) -> Kept:
    """Backups and restores over the parts of a process. `database`: an open one, or what keeps it from being opened."""
    opened = database if isinstance(database, Database) else None
    ground = Ground(
        home=str(launch.home),
        config_path=str(launch.config_path),
        version=__version__,
        source=source,
        settings=settings,
        files=LocalFiles(),
        box=box,
        clock=SystemClock(),
        zone_of=zones(machine_zone(), lambda: settings().cron.timezone),
        database=opened,
        database_path=sqlite_path(database_url(settings(), launch)),
        unopened=database if isinstance(database, GatewayError) else None,
    )

    async def source_at(path: str) -> ConfigurationSource:
        return await configuration_source(launch._replace(config_path=Path(path)))

    switches = LocalSwitches(launch.home)
    backups = Backups(LocalBackups(launch.home / BACKUPS), ground)
    restores = Restores(backups, switches, source_at, SystemRandomness().new_id, write, jobs_changed)
    return Kept(backups, restores, switches, opened, box)


def make_updates(
    launch: Launch, kept: Kept, transport: Transport, environment: Mapping[str, str], proxy: ProxyFor
) -> Updates:
    """Updates over the backups of a process."""
    managed = managed_by(environment)
    return Updates(
        HttpPackageIndex(transport, proxy),
        LocalEnvironments(launch.home, __version__, environment, managed, launch.options()),
        kept.backups,
        kept.switches,
        lambda: kept.backups.ground.settings().update,
        SystemClock(),
        SystemRandomness().new_id,
    )


def make_operations(board: TaskBoard, kept: Kept, updates: Updates) -> Operations:
    """All of it."""
    orders = BackupOrders(board, kept.backups, kept.restores)
    return Operations(board, kept.backups, kept.restores, updates, orders, UpdateOrders(board, updates))


@asynccontextmanager
async def open_updates(launch: Launch) -> AsyncIterator[Updating]:
    """The updates for the command line."""
    environment = await read_environment(str(launch.home), os.getcwd(), launch.environment)
    async with open_backups(launch) as kept:
        settings = kept.backups.ground.settings
        async with HttpTransport(f"crawdad/{__version__}", lambda: settings().gateway.private_networks) as transport:
            updates = make_updates(launch, kept, transport, environment, proxy_from_environment(environment))
            yield Updating(updates, kept.switches)


@asynccontextmanager
async def open_backups(launch: Launch) -> AsyncIterator[Kept]:
    """The backups for the command line. A configuration or database that is broken is no reason not to reach them."""
    log_aside()
    environment = await read_environment(str(launch.home), os.getcwd(), launch.environment)
    source = await configuration_source(launch)
    loaded = await source.load()
    settings = loaded.settings or Settings()
    box = secret_box(launch, environment)

    async def write(edit: Edit) -> object:
        written = await source.write(edit)
        if written.refused:
            problem = next(problem for problem in written.problems if problem.is_error)
            values = {"path": problem.path, "message": problem.message, "fix": problem.fix}
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("configuration.refused", values))
        return written

    async with _database(database_url(settings, launch)) as database:
        yield make_backups(launch, source, lambda: settings, box, database, write)


@asynccontextmanager
async def _database(url: str) -> AsyncIterator[Database | GatewayError | None]:
    """It; or why it does not open, where there is one."""
    path = sqlite_path(url)
    if path is not None and not path.exists():
        yield None
        return
    opened = open_database(url)
    try:
        database = await opened.__aenter__()
    except GatewayError as error:
        yield error
        return
    try:
        yield database
    finally:
        await opened.__aexit__(None, None, None)
