"""The application processes of one supervisor: the one that serves, the one that is to take its place, and those that finish
what they have begun. Standard library only."""

from __future__ import annotations

import selectors
from collections.abc import Iterator
from typing import Any

from crawdad.app.launch import Launch
from crawdad.app.process import ApplicationProcess, Patience
from crawdad.app.record import EventLog


class ApplicationProcesses:
    """They, and their connections in the supervisor's selector."""

    def __init__(self, launch: Launch, patience: Patience, log: EventLog, selector: selectors.BaseSelector) -> None:
        self.current: ApplicationProcess | None = None
        self.successor: ApplicationProcess | None = None
        self.retiring: list[ApplicationProcess] = []
        self._launch, self._patience, self._log, self._selector = launch, patience, log, selector

    def __iter__(self) -> Iterator[ApplicationProcess]:
        return iter([each for each in (self.current, self.successor, *self.retiring) if each is not None])

    def __bool__(self) -> bool:
        return self.current is not None or self.successor is not None or bool(self.retiring)

    def start(self, *, safe_mode: bool) -> ApplicationProcess | None:
        """A new one, which is nothing yet; None when the system has none to give at the moment."""
        try:
            process = ApplicationProcess(self._launch, safe_mode=safe_mode)
        except OSError as error:
            self._log.append("start_failed", reason=str(error))
            return None
        self._selector.register(process.end.connection, selectors.EVENT_READ, process)
        self._log.append("application_started", pid=process.pid, safe_mode=safe_mode)
        return process

    def hear(self, process: ApplicationProcess) -> list[dict[str, Any]]:
        """What it told since the last time."""
        connection = process.end.connection
        messages = process.messages()
        if not process.channel_is_open:
            self._selector.unregister(connection)
        return messages

    def forget(self, process: ApplicationProcess) -> None:
        """It has ended: its connection is not waited for any more."""
        if process.channel_is_open:
            self._selector.unregister(process.end.connection)
            process.end.connection.close()
        self.retiring = [each for each in self.retiring if each is not process]
        self.current = None if process is self.current else self.current
        self.successor = None if process is self.successor else self.successor

    def succeed(self) -> None:
        """The successor takes the place of the one that serves, or served."""
        self.current, self.successor = self.successor, None

    def retire(self, process: ApplicationProcess, now: float) -> None:
        """Have one finish what it has begun."""
        process.drain(now, self._patience.margin)
        self.current = None if process is self.current else self.current
        self.retiring.append(process)

    def drain(self, now: float) -> float:
        """Have all of them finish what they have begun: for how long they may."""
        for process in self:
            if process.state != "draining":
                process.drain(now, self._patience.margin)
        return max((process.drain_seconds for process in self), default=0.0)

    def due(self) -> list[float]:
        """When the time of one of them is up."""
        found = [at for each in self for at in (each.kill_at, each.silent_until(self._patience)) if at is not None]
        if self.successor is not None:
            found.append(self.successor.born + self._patience.start)
        return found

    def excuse(self, seconds: float) -> None:
        """Nobody ran for so long: it counts against nobody."""
        for process in self:
            process.excuse(seconds)

    def enforce(self, now: float) -> list[float]:
        """End those whose time is up, wake those that are silent: for how long those were."""
        silences = []
        for process in self:
            silent_until = process.silent_until(self._patience)
            if process.kill_at is not None and now >= process.kill_at:
                self._log.append("application_killed", pid=process.pid)
                process.kill()
            elif silent_until is not None and now >= silent_until:
                silence = round(now - process.last_sign, 1)
                traceback = str(self._launch.logs / "traceback.log")
                self._log.append("application_hung", pid=process.pid, silent_seconds=silence, traceback=traceback)
                process.abort(now, self._patience.abort)
                silences.append(silence)
        late = self.successor
        if late is not None and late.state == "starting" and now >= late.born + self._patience.start:
            late.abort(now, self._patience.abort)
        return silences
