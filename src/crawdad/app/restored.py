"""What a process does when another one has put a backup into the database that they share: nothing that it remembers counts."""

from __future__ import annotations

import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import structlog

from crawdad.app import record
from crawdad.app.switches import LocalSwitches
from crawdad.core.errors import GatewayError
from crawdad.services.lifecycle import Lifecycle

_log = structlog.get_logger(__name__)


def begin_anew(home: Path, switches: LocalSwitches, lifecycle: Lifecycle) -> Callable[[], Awaitable[None]]:
    """Have the supervisor replace this process, without a gap; without a supervisor the inside is left and entered anew."""

    async def restored() -> None:
        parent = os.getppid()
        supervised = record.holder(home) == parent
        if supervised and await switches.current() is not None:
            return  # it is this installation that restores: its switch replaces the process
        _log.warning("database_restored", supervised=supervised)
        if supervised:
            os.kill(parent, signal.SIGHUP)
        else:
            with suppress(GatewayError):  # it is being left or entered this very moment
                await lifecycle.ask("restart", "database restored")

    return restored
