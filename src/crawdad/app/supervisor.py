"""`crawdad up`: a small parent that owns the listening sockets and keeps one application process serving them.

It loads the standard library only and decides nothing but this: a crashed or hung process is replaced while the sockets stay
open (connections wait in the kernel's queue), repeated failure is looked into (`mending`) and then leads to safe mode, SIGHUP
replaces the process without a gap, SIGTERM lets it finish what runs. What happened is appended to `logs/supervisor.jsonl`."""

from __future__ import annotations

import argparse
import contextlib
import os
import selectors
import signal
import sys
import time
from typing import Any

from crawdad.app import exits, first_process, greeting, record
from crawdad.app.application_processes import ApplicationProcesses
from crawdad.app.endings import described, facts_of
from crawdad.app.launch import Launch
from crawdad.app.listening import AddressError, Listeners
from crawdad.app.mending_process import MendingProcess
from crawdad.app.notice import Notice
from crawdad.app.process import ApplicationProcess, Patience
from crawdad.app.recovery import Recovery
from crawdad.app.signals import Signals
from crawdad.app.supervisor_state import SupervisorState
from crawdad.app.trial import Trial
from crawdad.app.words import words

_LATE_SECONDS = 0.5
"""So much later than it wished to it may be woken."""


class Supervisor:
    """The state of one `crawdad up`. `run` returns its exit code."""

    def __init__(
        self, launch: Launch, patience: Patience, *, as_json: bool = False, notice: Notice | None = None
    ) -> None:
        self.launch, self.patience, self.as_json = launch, patience, as_json
        self.notice = notice or Notice()
        self.log = record.EventLog(launch.logs / record.SUPERVISOR_LOG)
        self.trial = Trial(launch.home, self.log)
        self.listeners = Listeners()
        self.selector = selectors.DefaultSelector()
        self.processes = ApplicationProcesses(launch, patience, self.log, self.selector)
        self.recovery = Recovery(launch, patience, self.log, self.selector, _say)
        self.replace_again = False
        self.making_room = False
        self.stopping = False
        self.greeted = False
        self.state = SupervisorState(launch.home, self.notice)
        self.exit_code: int | None = None
        self._has_terminal = os.isatty(2)

    def run(self) -> int:
        """Supervise until told to stop."""
        signals = Signals()
        self.selector.register(signals.connection, selectors.EVENT_READ, None)
        self.log.append("started", pid=os.getpid(), after=record.last_end(self.log.path))
        while self.exit_code is None:
            self._start_when_due()
            self._wait(signals)
            self._reap()
            self._enforce(time.monotonic())
            self._leave_safe_mode(time.monotonic())
            self.notice.alive(time.monotonic())
        self.listeners.close()
        self.log.append("stopped", exit_code=self.exit_code)
        return self.exit_code

    def _start_when_due(self) -> None:
        recovery = self.recovery
        if recovery.start_at is None or time.monotonic() < recovery.start_at:
            return
        recovery.start_at, self.replace_again = None, False
        if self.trial.begin():
            self.processes.current = self._start(safe_mode=recovery.safe_mode)
        if self.processes.current is None:
            recovery.start_at = time.monotonic() + self.patience.longest_backoff
        self._write_state()

    def _start(self, *, safe_mode: bool) -> ApplicationProcess | None:
        self.recovery.watch.starting()
        return self.processes.start(safe_mode=safe_mode)

    # Waiting for something to happen

    def _wait(self, signals: Signals) -> None:
        now = time.monotonic()
        due = [at for at in (self.recovery.start_at, self.notice.due()) if at is not None] + self.processes.due()
        if self.recovery.mending is not None:
            due.append(self.recovery.mending.kill_at)
        look_at = self.recovery.watch.due()
        if look_at is not None and self._may_leave_safe_mode():
            due.append(look_at)
        patience = max(0.0, min(due) - now) if due else None
        found = self.selector.select(patience)
        passed = time.monotonic() - now
        if patience is not None and passed > patience + _LATE_SECONDS:
            # It did not run itself: a container that was paused, a machine that stood still. So did what it watches.
            self.log.append("stood_still", seconds=round(passed, 1))
            self.processes.excuse(passed)
        for key, _ in found:
            if key.data is None:
                signals.heard()
            elif isinstance(key.data, MendingProcess):
                if not key.data.read():
                    self._mended()
            else:
                self._listen_to(key.data)
        for number in signals.take():
            self._on_signal(number)

    def _listen_to(self, process: ApplicationProcess) -> None:
        for message in self.processes.hear(process):
            if message.get("say") == "listen":
                self._give_sockets(process, message["bind"], message["ports"])
            elif message.get("say") == "ready" and process.state == "starting":
                self._on_ready(process, message)

    def _give_sockets(self, process: ApplicationProcess, bind: str, ports: list[int]) -> None:
        process.asked = (bind, ports)
        try:
            process.end.give(self.listeners.provide(bind, ports))
        except AddressError as error:
            self.recovery.refused = error.host, error.port
            self.log.append("address_refused", pid=process.pid, host=error.host, port=error.port, reason=str(error))
            process.end.refuse(error)

    def _on_ready(self, process: ApplicationProcess, message: dict[str, Any]) -> None:
        process.state, process.has_served = "ready", True
        process.drain_seconds = float(message.get("drain_seconds", process.drain_seconds))
        shown = [f"{host}:{port}" for host, port in self.listeners.addresses()]
        self.log.append("application_ready", pid=process.pid, addresses=shown, safe_mode=process.safe_mode)
        if process is self.processes.successor:
            self._promote(process)
        if process.asked:
            self.listeners.keep(*process.asked)
        if process is self.processes.current:
            self.notice.ready()
            self.trial.probe(self.listeners.addresses())
        if self.replace_again:
            self._replace()
        self._write_state()
        if not self.greeted:
            self.greeted = True
            greeting.greet(self.launch, self.listeners.addresses(), message, as_json=self.as_json)

    def _promote(self, process: ApplicationProcess) -> None:
        replaced = self.processes.current
        if replaced is not None:
            self.processes.retire(replaced, time.monotonic())
            self.log.append("application_replaced", pid=process.pid, replaced=replaced.pid)
        self._succeed()
        _say(words("up.replaced"))

    def _succeed(self) -> None:
        """The successor is the application from now on, whether it serves already or has yet to come to that."""
        self.processes.succeed()
        self.recovery.safe_mode = False

    # Signals

    def _on_signal(self, number: int) -> None:
        if number in (signal.SIGTERM, signal.SIGINT):
            self._stop(number)
        elif number == signal.SIGHUP and self._has_terminal and not os.isatty(2):
            self._stop(number)  # the terminal was closed: not a wish for a replacement
        elif number == signal.SIGHUP and not self.stopping:
            self._replace()

    def _stop(self, number: int) -> None:
        if self.stopping:
            if number == signal.SIGINT:
                for process in self.processes:
                    process.kill()
                self.exit_code = exits.INTERRUPTED
            return
        self.stopping = True
        self.log.append("stopping", signal=signal.Signals(number).name)
        self.listeners.close()
        if self.recovery.mending is not None:
            self.recovery.mending.kill()
            self._mended()
        self.recovery.start_at = None
        patience = self.processes.drain(time.monotonic())
        self.notice.stopping(patience + 2 * self.patience.margin)
        _say(words("up.stopping", seconds=f"{patience:g}"))
        self._write_state()
        if not self.processes:
            self.exit_code = exits.OK

    def _replace(self) -> None:
        current = self.processes.current
        self.replace_again = self.processes.successor is not None
        if self.replace_again or self.making_room:
            return
        if self.recovery.mending is not None:
            self.recovery.wish()
            return
        self.recovery.clear()
        self.notice.reloading()
        if current is not None and self.trial.is_waiting():
            # What is to be put in place is in use: this once there is no successor before the last one has gone.
            self.log.append("making_room", pid=current.pid)
            self.processes.retire(current, time.monotonic())
            self.making_room = True
            return
        if current is None:
            self.recovery.begin_anew()
            return
        self.log.append("replacement_asked", pid=current.pid)
        self.processes.successor = self._start(safe_mode=False)
        if self.processes.successor is None:
            self.notice.ready()
            _say(words("up.replacement_failed"))

    # Endings

    def _reap(self) -> None:
        current = self.processes.current
        if self.trial.probe_failed() and current is not None:
            current.kill()
        for process in self.processes:
            code = process.reap()
            if code is None:
                continue
            if process.channel_is_open:
                self._listen_to(process)
            self._on_end(process, code)
            self._write_state()
        if self.stopping and not self.processes and self.exit_code is None:
            self.exit_code = exits.OK

    def _on_end(self, process: ApplicationProcess, code: int) -> None:
        facts: dict[str, Any] = {"pid": process.pid, "safe_mode": process.safe_mode, **facts_of(code)}
        processes = self.processes
        is_current, is_successor = process is processes.current, process is processes.successor
        processes.forget(process)
        if self.stopping or not (is_current or is_successor):
            self.log.append("application_stopped", **facts)
            if not self.stopping:
                self._on_room()
        elif is_successor:
            self._give_up_successor(facts)
        else:
            self._on_crash(process, code, facts)

    def _on_room(self) -> None:
        """One that finished up has gone. What could not be put in place because of it now can be."""
        if self.making_room and not self.processes:
            self.making_room = False
            self.recovery.begin_anew()
        elif self.trial.was_in_use and self.processes.current is not None and not self.processes.retiring:
            self.trial.was_in_use = False
            self._replace()

    def _on_crash(self, process: ApplicationProcess, code: int, facts: dict[str, Any]) -> None:
        now = time.monotonic()
        self.state.restarts += 1
        self.log.append("application_crashed", **facts, hung=process.state == "hung")
        if code == exits.ADDRESS_TAKEN and not self.greeted:
            # The application has said which address and who holds it: that is written down, and then there is an end.
            if not self.recovery.mend("port", code, last=True):
                self.exit_code = code
        elif self.processes.successor is not None:
            self._succeed()
        elif self.trial.failed(described(code)):
            self.recovery.begin_anew(now)
        else:
            self.recovery.crashed(process, code, now)

    def _give_up_successor(self, facts: dict[str, Any]) -> None:
        current = self.processes.current
        self.notice.ready()
        self.log.append("replacement_failed", **facts)
        _say(words("up.replacement_failed"))
        if current is not None and current.asked:
            self.listeners.keep(*current.asked)
        if self.replace_again:
            self._replace()

    def _mended(self) -> None:
        about = self.recovery.mended(goes_on=not self.stopping)
        if about["reason"] == "port" and not self.stopping:
            self.exit_code = int(about["code"])

    def _may_leave_safe_mode(self) -> bool:
        current = self.processes.current
        busy = self.stopping or self.processes.successor is not None or self.making_room
        return self.recovery.safe_mode and not busy and current is not None and current.state == "ready"

    def _leave_safe_mode(self, now: float) -> None:
        """Where what led to it is gone: the panels stay until the whole application serves."""
        if not self.recovery.safe_mode:
            self.recovery.watch.leave()
        elif self._may_leave_safe_mode() and self.recovery.causes_gone(now, self.listeners.addresses()):
            self._replace()

    def _enforce(self, now: float) -> None:
        for silence in self.processes.enforce(now):
            _say(words("up.hung", seconds=f"{silence:g}"))
        mending = self.recovery.mending
        if mending is not None and now >= mending.kill_at:
            mending.kill()
            self._mended()

    # Telling

    def _write_state(self) -> None:
        self.state.tell(
            self.processes.current,
            self.listeners.addresses(),
            safe_mode=self.recovery.safe_mode,
            mending=self.recovery.mending is not None,
            stopping=self.stopping,
        )


def _say(text: str) -> None:
    """To the terminal. Unbuffered: with that gone, what waits in a buffer would spoil the exit code."""
    with contextlib.suppress(OSError):
        os.write(2, f"{text}\n".encode(sys.stdout.encoding, "replace"))


def main() -> int:
    """Supervise the installation that the options name."""
    parser = argparse.ArgumentParser(prog="crawdad up")
    parser.add_argument("--home")
    parser.add_argument("--config")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    first_process.step_aside()
    launch = Launch.from_environment(options.home, options.config)
    try:
        record.make_home(launch.home)
        record.lock(launch.home)
    except record.AlreadyRunning as error:
        print(words("up.already_running", pid=error.pid, home=launch.home), file=sys.stderr)
        return exits.ALREADY_RUNNING
    except OSError as error:
        print(words("up.home_unusable", home=launch.home, reason=error.strerror), file=sys.stderr)
        return exits.PROBLEM
    patience = Patience.from_environment(launch.environment)
    return Supervisor(launch, patience, as_json=options.json, notice=Notice.take(os.environ)).run()


if __name__ == "__main__":
    sys.exit(main())
