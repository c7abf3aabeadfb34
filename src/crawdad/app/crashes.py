"""What the supervisor wrote down up to the moment from which on this process serves."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from crawdad.app import record
from crawdad.core.ports import Clock
from crawdad.services.healing.supervisor_log import has_served

_LOOK_SECONDS = 0.5
_PATIENCE_SECONDS = 120.0


async def events_up_to_this_start(home: Path, clock: Clock) -> Sequence[Mapping[str, Any]]:
    """The supervisor's log, once it says that this process serves: only then all that this start makes up for stands in it. The
    process in whose place this one was to come may have crashed a moment ago. Without a supervisor nothing is waited for."""
    until = clock.monotonic() + _PATIENCE_SECONDS
    while True:
        lines = await asyncio.to_thread(record.read_events, home / "logs" / record.SUPERVISOR_LOG)
        supervised = record.holder(home) == os.getppid()
        if not supervised or has_served(lines, os.getpid()) or clock.monotonic() > until:
            return lines
        await clock.sleep(_LOOK_SECONDS)
