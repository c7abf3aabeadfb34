"""What the supervisor does about an application that fails: a pause before the next start, a look into it (`mending`), safe
mode, and the way out of that. Standard library only."""

from __future__ import annotations

import selectors
import time
from collections.abc import Callable, Sequence
from typing import Any

from crawdad.app import exits
from crawdad.app.endings import described
from crawdad.app.failures import Failures
from crawdad.app.launch import Launch
from crawdad.app.mending_process import MendingProcess
from crawdad.app.process import ApplicationProcess, Patience
from crawdad.app.record import EventLog
from crawdad.app.safe_mode import SafeModeWatch
from crawdad.app.words import words


class Recovery:
    """Of one supervisor. `start_at` says when to start an application next (monotonic seconds; None: not by itself), and
    `safe_mode` whether only its panels. `mending` is the look that is under way; nothing runs meanwhile."""

    def __init__(
        self,
        launch: Launch,
        patience: Patience,
        log: EventLog,
        selector: selectors.BaseSelector,
        say: Callable[[str], None],
    ) -> None:
        self.start_at: float | None = 0.0
        self.safe_mode = False
        self.refused: tuple[str, int] | None = None
        """The address that could not be had."""
        self.mending: MendingProcess | None = None
        self.watch = SafeModeWatch(launch.home, launch.config_path)
        self._failures = Failures(patience)
        self._launch, self._patience, self._log, self._selector, self._say = launch, patience, log, selector, say
        self._is_wished = False

    def clear(self) -> None:
        """Somebody wishes for another start, or for a replacement: it is judged by itself."""
        self._failures.clear()

    def begin_anew(self, now: float = 0.0) -> None:
        """Start the whole application, as if nothing had been."""
        self.safe_mode, self.start_at, self._is_wished = False, now, False

    def wish(self) -> None:
        """The same, once the look into it has come to its end."""
        self._is_wished = True

    def crashed(self, process: ApplicationProcess, code: int, now: float) -> None:
        """The application has failed: what follows."""
        self._failures.note(now, process.born, served=process.has_served)
        last = code in (exits.CONFIGURATION, exits.DAMAGED) or self._failures.are_too_many
        looks = last or self._failures.are_suspicious
        if self.safe_mode or not looks or not self.mend("failures", code, last=last):
            self._start_later(code, safe_mode=last)

    def mend(self, reason: str, code: int, *, last: bool) -> bool:
        """Have it looked into, while nothing runs. `last`: else it is safe mode (or the end) now. False: that cannot be."""
        host, port = self.refused or ("", 0)
        facts = {"reason": reason, "code": code, "how": described(code), "failures": self._failures.count}
        facts |= {"served": self._failures.served, "last": last, "host": host, "port": port}
        try:
            self.mending = MendingProcess(self._launch, facts, self._patience.mending)
        except OSError as error:
            self._log.append("mending_failed", reason=str(error))
            return False
        self._selector.register(self.mending, selectors.EVENT_READ, self.mending)
        self._log.append("mending", pid=self.mending.pid, reason=reason, failures=self._failures.count)
        return True

    def mended(self, *, goes_on: bool) -> dict[str, Any]:
        """The look has come to its end, or has to: what it was about. `goes_on`: an application is to be started afterwards."""
        mending = self.mending
        assert mending is not None
        self.mending = None
        self._selector.unregister(mending)
        done = mending.close()
        self._log.append("mended", pid=mending.pid, acted=done.acted, events=list(done.events))
        for event in done.events:
            self._say(words("up.mended", words=event.get("words", "")))
        if not goes_on or mending.facts["reason"] == "port":
            return mending.facts
        if done.acted or self._is_wished:
            self._failures.clear()
            self.begin_anew(time.monotonic())
        else:
            self._start_later(int(mending.facts["code"]), safe_mode=bool(mending.facts["last"]))
        return mending.facts

    def _start_later(self, code: int, *, safe_mode: bool) -> None:
        """Begin anew after a pause, the longer the more often it has failed."""
        if safe_mode and not self.safe_mode:
            self.safe_mode = True
            causes = self.watch.enter(code, self.refused)
            self._log.append("safe_mode", failures=self._failures.count, causes=causes)
            self._say(words("up.safe_mode"))
        pause = self._failures.pause
        self.start_at = time.monotonic() + pause
        self._say(words("up.crashed", how=described(code), seconds=f"{pause:g}"))

    def causes_gone(self, now: float, addresses: Sequence[tuple[str, int]]) -> bool:
        """Whether what led to safe mode is gone, so that an attempt to leave it is worth it."""
        causes = self.watch.gone(now, addresses)
        if causes:
            self._log.append("safe_mode_cause_gone", causes=causes)
            self._say(words("up.cause_gone"))
        return bool(causes)
