"""What the supervisor tells of how things stand: to `crawdad status`, and to the service manager. Standard library only."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from crawdad.app import record
from crawdad.app.notice import Notice
from crawdad.app.process import ApplicationProcess
from crawdad.app.words import words


class SupervisorState:
    """Of one supervisor. `restarts`: how often an application has crashed."""

    def __init__(self, home: Path, notice: Notice) -> None:
        self.restarts = 0
        self._home, self._notice = home, notice
        self._started_at = time.time()

    def tell(
        self,
        current: ApplicationProcess | None,
        addresses: Sequence[tuple[str, int]],
        *,
        safe_mode: bool,
        mending: bool,
        stopping: bool,
    ) -> None:
        """How it stands now."""
        application = None
        if current is not None:
            application = {"pid": current.pid, "state": current.state, "started_at": current.started_at}
        idle = "mending" if mending else "waiting"
        state = "stopping" if stopping else current.state if current else idle
        written = {
            "pid": os.getpid(),
            "started_at": self._started_at,
            "state": state,
            "safe_mode": safe_mode,
            "addresses": addresses,
            "application": application,
            "restarts": self.restarts,
        }
        record.write_state(self._home, written)
        shown = "safe_mode" if safe_mode and state == "ready" else state
        self._notice.status(words(f"up.status.{shown}"))
