"""What a supervisor does with things that are put in place anew (`switching`): before a start, and until it is clear whether
the application works with them. Standard library only."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from crawdad.app import record, switching
from crawdad.app.words import words


class Trial:
    """The trial of one installation."""

    def __init__(self, home: Path, log: record.EventLog) -> None:
        self._home, self._log = home, log
        self.was_in_use = False
        """Something was to be put in place before the last start, and could not be: an application was still there."""
        self._on = False
        self._probe: int | None = None

    def is_waiting(self) -> bool:
        """Whether something is to be put in place."""
        return switching.is_waiting(self._home)

    def begin(self) -> bool:
        """Put in place what is to be, as no application runs. False: that cannot be done at the moment."""
        self._forget_probe()
        self.was_in_use = False
        try:
            done = switching.begin(self._home)
        except switching.InUse:
            # One that finishes up is still there, or one without a supervisor: it is started beside it.
            self._log.append("switch_waits", reason="in use")
            self.was_in_use = True
            return True
        except OSError as error:
            self._log.append("switch_failed", reason=str(error))
            return self.is_waiting()  # as long as nothing was touched, what was there before works
        self._on = done is not None and done[0] in ("applied", "trial")
        if done is not None:
            self._tell(done[0], done[1])
        return True

    def probe(self, addresses: Sequence[tuple[str, int]]) -> None:
        """The application says that it serves: ask it, in a process of its own."""
        if not self._on or self._probe is not None or not addresses:
            return
        host, port = addresses[0]
        near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
        command = [sys.executable, "-P", "-m", "crawdad.app.probing", near, str(port)]
        try:
            self._probe = os.posix_spawn(sys.executable, command, os.environ)
        except OSError as error:
            self._log.append("probe_failed", reason=str(error))

    def probe_failed(self) -> bool:
        """Whether the application could not answer; where it could, the trial is over."""
        if self._probe is None:
            return False
        pid, status = os.waitpid(self._probe, os.WNOHANG)
        if not pid:
            return False
        self._probe = None
        if os.waitstatus_to_exitcode(status):
            self._log.append("probe_failed")
            return self._on
        if self._on:
            self._on = False
            kept = switching.keep(self._home)
            if kept is not None:
                self._tell("kept", kept)
        return False

    def failed(self, how: str) -> bool:
        """The application has ended. True: it was on trial, and what was before is back."""
        self._forget_probe()
        if not self._on:
            return False
        self._on = False
        try:
            undone = switching.undo(self._home, {"key": "switch.ended", "values": {"how": how}})
        except (switching.InUse, OSError) as error:
            self._log.append("switch_failed", reason=str(error))
            return False
        if undone is not None:
            self._tell("undone", undone)
        return undone is not None

    def _forget_probe(self) -> None:
        """What was asked of a process that is gone says nothing of the next one."""
        if self._probe is not None:
            os.kill(self._probe, signal.SIGKILL)  # not fetched yet: the number is still its own
            os.waitpid(self._probe, 0)
            self._probe = None

    def _tell(self, event: str, journal: switching.Journal) -> None:
        facts = {"switch": journal.id, "purpose": journal.purpose, "attempts": journal.attempts}
        reason = journal.reason
        told = words(reason["key"], **reason["values"]) if isinstance(reason, dict) else reason
        self._log.append(f"switch_{event}", **facts, **({"reason": told} if told else {}))
