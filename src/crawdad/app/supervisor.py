"""`crawdad up`: a small parent that owns the listening sockets and keeps one application process serving them.

It loads the standard library only and decides nothing but this: a crashed or hung process is replaced while the
sockets stay open (connections wait in the kernel's queue), repeated failure leads to safe mode, SIGHUP replaces the
process without a gap, SIGTERM lets it finish what runs. What happened is appended to `logs/supervisor.jsonl`.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import selectors
import signal
import socket
import sys
import time
from typing import Any

from crawdad.app import exits, greeting, record
from crawdad.app.launch import Launch
from crawdad.app.listening import AddressError, Listeners
from crawdad.app.process import ApplicationProcess, Patience
from crawdad.app.words import words

_HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


class Supervisor:
    """The state of one `crawdad up`. `run` returns its exit code."""

    def __init__(self, launch: Launch, patience: Patience, *, as_json: bool = False) -> None:
        self.launch, self.patience, self.as_json = launch, patience, as_json
        self.log = record.EventLog(launch.logs / "supervisor.jsonl")
        self.listeners = Listeners()
        self.selector = selectors.DefaultSelector()
        self.current: ApplicationProcess | None = None
        self.successor: ApplicationProcess | None = None
        self.retiring: list[ApplicationProcess] = []
        self.failures: list[float] = []
        self.safe_mode = False
        self.start_at: float | None = 0.0
        self.replace_again = False
        self.stopping = False
        self.greeted = False
        self.restarts = 0
        self.started_at = time.time()
        self.exit_code: int | None = None
        self._received: list[int] = []
        self._has_terminal = os.isatty(2)

    def run(self) -> int:
        """Supervise until told to stop."""
        reader, writer = socket.socketpair()
        reader.setblocking(False)
        writer.setblocking(False)
        for number in _HANDLED:
            signal.signal(number, lambda number, _frame: self._received.append(number))
        signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        self.selector.register(reader, selectors.EVENT_READ, None)
        self.log.append("started", pid=os.getpid())
        while self.exit_code is None:
            self._start_when_due()
            self._wait(reader)
            self._reap()
            self._enforce(time.monotonic())
        self.listeners.close()
        self.log.append("stopped", exit_code=self.exit_code)
        return self.exit_code

    # What is running

    def _processes(self) -> list[ApplicationProcess]:
        return [each for each in (self.current, self.successor, *self.retiring) if each is not None]

    def _start(self, *, safe_mode: bool) -> ApplicationProcess | None:
        """A new process; None when the system has none to give at the moment."""
        try:
            process = ApplicationProcess(self.launch, safe_mode=safe_mode)
        except OSError as error:
            self.log.append("start_failed", reason=str(error))
            return None
        self.selector.register(process.end.connection, selectors.EVENT_READ, process)
        self.log.append("application_started", pid=process.pid, safe_mode=safe_mode)
        return process

    def _start_when_due(self) -> None:
        if self.start_at is not None and time.monotonic() >= self.start_at:
            self.start_at = None
            self.current = self._start(safe_mode=self.safe_mode)
            if self.current is None:
                self.start_at = time.monotonic() + self.patience.longest_backoff
            self._write_state()

    # Waiting for something to happen

    def _wait(self, wakeup: socket.socket) -> None:
        now = time.monotonic()
        due = [] if self.start_at is None else [self.start_at]
        for process in self._processes():
            due += [at for at in (process.kill_at, process.silent_until(self.patience)) if at is not None]
        if self.successor is not None:
            due.append(self.successor.born + self.patience.start)
        for key, _ in self.selector.select(max(0.0, min(due) - now) if due else None):
            if key.data is None:
                wakeup.recv(4096)
            else:
                self._listen_to(key.data)
        while self._received:
            self._on_signal(self._received.pop(0))

    def _listen_to(self, process: ApplicationProcess) -> None:
        connection = process.end.connection
        messages = process.messages()
        if not process.channel_is_open:
            self.selector.unregister(connection)
        for message in messages:
            if message.get("say") == "listen":
                self._give_sockets(process, message["bind"], message["ports"])
            elif message.get("say") == "ready" and process.state == "starting":
                self._on_ready(process, message)

    def _give_sockets(self, process: ApplicationProcess, bind: str, ports: list[int]) -> None:
        process.asked = (bind, ports)
        try:
            process.end.give(self.listeners.provide(bind, ports))
        except AddressError as error:
            self.log.append("address_refused", pid=process.pid, host=error.host, port=error.port, reason=str(error))
            process.end.refuse(error)

    def _on_ready(self, process: ApplicationProcess, message: dict[str, Any]) -> None:
        process.state = "ready"
        process.drain_seconds = float(message.get("drain_seconds", process.drain_seconds))
        shown = [f"{host}:{port}" for host, port in self.listeners.addresses()]
        self.log.append("application_ready", pid=process.pid, addresses=shown, safe_mode=process.safe_mode)
        if process is self.successor:
            self._promote(process)
        if process.asked:
            self.listeners.keep(*process.asked)
        self._write_state()
        if not self.greeted:
            self.greeted = True
            addresses, environment = self.listeners.addresses(), self.launch.environment
            _print(greeting.greeting(addresses, message, environment, as_json=self.as_json), 1)

    def _promote(self, process: ApplicationProcess) -> None:
        replaced, self.current, self.successor = self.current, process, None
        self.safe_mode = False
        if replaced is not None:
            replaced.drain(time.monotonic(), self.patience.margin)
            self.retiring.append(replaced)
            self.log.append("application_replaced", pid=process.pid, replaced=replaced.pid)
        self._say(words("up.replaced"))
        if self.replace_again:
            self._replace()

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
                for process in self._processes():
                    process.kill()
                self.exit_code = exits.INTERRUPTED
            return
        self.stopping, self.start_at = True, None
        self.log.append("stopping", signal=signal.Signals(number).name)
        self.listeners.close()
        now = time.monotonic()
        patience = max((process.drain_seconds for process in self._processes()), default=0.0)
        for process in self._processes():
            if process.state != "draining":
                process.drain(now, self.patience.margin)
        self._say(words("up.stopping", seconds=f"{patience:g}"))
        self._write_state()
        if not self._processes():
            self.exit_code = exits.OK

    def _replace(self) -> None:
        self.replace_again = self.successor is not None
        if self.replace_again:
            return
        self.failures.clear()
        if self.current is None:
            self.safe_mode, self.start_at = False, 0.0
            return
        self.log.append("replacement_asked", pid=self.current.pid)
        self.successor = self._start(safe_mode=False)
        if self.successor is None:
            self._say(words("up.replacement_failed"))

    # Endings

    def _reap(self) -> None:
        for process in self._processes():
            code = process.reap()
            if code is None:
                continue
            if process.channel_is_open:
                self._listen_to(process)
            if process.channel_is_open:
                self.selector.unregister(process.end.connection)
                process.end.connection.close()
            self._on_end(process, code)
            self._write_state()
        if self.stopping and not self._processes() and self.exit_code is None:
            self.exit_code = exits.OK

    def _on_end(self, process: ApplicationProcess, code: int) -> None:
        facts: dict[str, Any] = {"pid": process.pid, "safe_mode": process.safe_mode, **_how(code)}
        if process in self.retiring or self.stopping:
            self.log.append("application_stopped", **facts)
            self.retiring = [each for each in self.retiring if each is not process]
            self.current = None if process is self.current else self.current
            self.successor = None if process is self.successor else self.successor
        elif process is self.successor:
            self._give_up_successor(facts)
        else:
            self.current = None
            self._on_crash(process, code, facts)

    def _on_crash(self, process: ApplicationProcess, code: int, facts: dict[str, Any]) -> None:
        now = time.monotonic()
        self.restarts += 1
        self.log.append("application_crashed", **facts, hung=process.state == "hung")
        if code == exits.ADDRESS_TAKEN and not self.greeted:
            self.exit_code = code  # the application has said which address and who holds it
            return
        if self.successor is not None:
            self.current, self.successor = self.successor, None
            return
        self.failures = [at for at in self.failures if now - at < self.patience.window] + [now]
        if not self.safe_mode and (code == exits.CONFIGURATION or len(self.failures) >= self.patience.failures):
            self.safe_mode = True
            self.log.append("safe_mode", failures=len(self.failures))
            self._say(words("up.safe_mode"))
        doublings = len(self.failures) - 2
        pause = min(self.patience.backoff * 2**doublings, self.patience.longest_backoff) if doublings >= 0 else 0.0
        self.start_at = now + pause
        self._say(words("up.crashed", how=_described(code), seconds=f"{pause:g}"))

    def _give_up_successor(self, facts: dict[str, Any]) -> None:
        self.successor = None
        self.log.append("replacement_failed", **facts)
        self._say(words("up.replacement_failed"))
        if self.current is not None and self.current.asked:
            self.listeners.keep(*self.current.asked)
        if self.replace_again:
            self._replace()

    def _enforce(self, now: float) -> None:
        """End those whose time is up, wake those that are silent."""
        for process in self._processes():
            silent_until = process.silent_until(self.patience)
            if process.kill_at is not None and now >= process.kill_at:
                self.log.append("application_killed", pid=process.pid)
                process.kill()
            elif silent_until is not None and now >= silent_until:
                silence = round(now - process.last_sign, 1)
                traceback = str(self.launch.logs / "traceback.log")
                self.log.append("application_hung", pid=process.pid, silent_seconds=silence, traceback=traceback)
                self._say(words("up.hung", seconds=f"{silence:g}"))
                process.abort(now, self.patience.abort)
        late = self.successor
        if late is not None and late.state == "starting" and now >= late.born + self.patience.start:
            late.abort(now, self.patience.abort)

    # Telling

    def _write_state(self) -> None:
        process = self.current
        application = None
        if process is not None:
            application = {"pid": process.pid, "state": process.state, "started_at": process.started_at}
        state = {
            "pid": os.getpid(),
            "started_at": self.started_at,
            "state": "stopping" if self.stopping else process.state if process else "waiting",
            "safe_mode": self.safe_mode,
            "addresses": self.listeners.addresses(),
            "application": application,
            "restarts": self.restarts,
        }
        record.write_state(self.launch.home, state)

    def _say(self, text: str) -> None:
        _print(text, 2)


def _print(text: str, descriptor: int) -> None:
    """Unbuffered: with the terminal gone, what waits in a buffer would spoil the exit code."""
    with contextlib.suppress(OSError):
        os.write(descriptor, f"{text}\n".encode(sys.stdout.encoding, "replace"))


def _how(code: int) -> dict[str, Any]:
    return {"signal": signal.Signals(-code).name} if code < 0 else {"exit_code": code}


def _described(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else words("up.exit_code", code=code)


def main() -> int:
    """Supervise the installation that the options name."""
    parser = argparse.ArgumentParser(prog="crawdad up")
    parser.add_argument("--home")
    parser.add_argument("--config")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
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
    return Supervisor(launch, Patience.from_environment(launch.environment), as_json=options.json).run()


if __name__ == "__main__":
    sys.exit(main())
