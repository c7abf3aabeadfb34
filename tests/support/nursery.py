"""Gateway processes of tests without the time that their imports take: they are forked from a process that has imported all.

What runs in them is the program itself, as `python -m` would run it, in a session, an environment and a home of its own; only the
interpreter's start and the imports are shared. A command that could be influenced by what its environment says at import time is not
started here.

    process = nursery().start("crawdad.app.main", ["serve", "--home", home], environment, log)
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from runpy import run_module

from crawdad.app.words import chosen_language
from tests.support.waiting import PATIENCE

_IMPORTED = (
    "crawdad.app.main",
    "crawdad.app.commands.serve",
    "crawdad.app.server",
    "crawdad.app.application",
    "crawdad.app.bundled",
    "crawdad.api.management.application",
    "crawdad.app.first_process",
    "crawdad.app.front",
    "fastapi",
    "pydantic.v1",
    "sqlalchemy.dialects.sqlite.aiosqlite",
    "uvicorn.main",
    "uvicorn.lifespan.off",
    "watchfiles",
    "tests.support.agent_server",
    "tests.support.clock_server",
    "tests.support.rest_server",
    "tests.support.schedule_server",
)
_IMPORTED_WHOLE = ("crawdad.api", "crawdad.adapters", "crawdad.services", "crawdad.wire")
"""Packages with everything in them: what they import when it is first asked for costs every gateway as much again."""
_LOOKED_AT_LATER = (
    "CRAWDAD_",
    "OPENAI_",
    "ANTHROPIC_",
    "GEMINI_",
    "GOOGLE_",
    "OLLAMA_",
    "CLAUDE_",
    "CODEX_",
    "XDG_",
    "TEST_",
)
_ALSO_LATER = frozenset({"HOME", "PATH", "TMPDIR", "PYTEST_CURRENT_TEST", "PYTHONUNBUFFERED"})
_PATIENT = (("crawdad.api.buddy.changes", "WAIT_SECONDS"), ("crawdad.services.mcp.servers", "_PATIENCE_SECONDS"))
"""How long something waits for what it goes on without at last, which a busy machine would not have done by then."""
_START_SECONDS = 300.0
"""It imports what takes seconds on a quiet machine, and many beside other test processes."""


class Forked:
    """A process of the nursery, as `subprocess.Popen` would show it."""

    def __init__(self, pid: int, arguments: Sequence[str]) -> None:
        self.pid = pid
        self.args = arguments
        self.returncode: int | None = None
        self._ended = threading.Event()

    def ended(self, code: int) -> None:
        """It is no more."""
        self.returncode = code
        self._ended.set()

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has ended. Raises `TimeoutExpired`."""
        if not self._ended.wait(timeout):
            assert timeout is not None
            raise subprocess.TimeoutExpired(list(self.args), timeout)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it one, if it still runs."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)


class Nursery:
    """The process that forks, and what it tells of its children."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = dict(environment)
        ours, theirs = socket.socketpair()
        self._socket = ours
        self._children: dict[int, Forked] = {}
        self._codes: dict[int, int] = {}
        self._orders = threading.Lock()
        self._news = threading.Condition()
        self._born: list[int] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(theirs.fileno())],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
        theirs.close()
        threading.Thread(target=self._listen, daemon=True).start()

    def suits(self, environment: Mapping[str, str]) -> bool:
        """Whether nothing in it would have been seen by an import."""
        if chosen_language(environment) != chosen_language(self.environment):
            return False
        return all(
            name.startswith(_LOOKED_AT_LATER) or name in _ALSO_LATER
            for name in environment.keys() | self.environment.keys()
            if environment.get(name) != self.environment.get(name)
        )

    def start(self, module: str, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> Forked:
        """A new process of `python -m module` that reads nothing, and writes all that it prints to `log`."""
        return self._order(module, arguments, environment, {"out": str(log), "err": str(log)})

    def run(
        self, module: str, arguments: Sequence[str], environment: Mapping[str, str], given: str, timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """The same to its end, which is given something to read. Raises `TimeoutExpired`, and kills it then."""
        with tempfile.TemporaryDirectory(prefix="crawdad-test-") as folder:
            out, err = Path(folder, "out"), Path(folder, "err")
            child = self._order(module, arguments, environment, {"out": str(out), "err": str(err), "given": given})
            try:
                code = child.wait(timeout)
            finally:
                child.kill()
            return subprocess.CompletedProcess(list(arguments), code, out.read_text(), err.read_text())

    def _order(
        self, module: str, arguments: Sequence[str], environment: Mapping[str, str], streams: Mapping[str, str]
    ) -> Forked:
        order = {"module": module, "arguments": list(arguments), "environment": dict(environment), "cwd": os.getcwd()}
        order |= streams
        with self._orders:
            self._socket.sendall(json.dumps(order).encode() + b"\n")
            with self._news:
                assert self._news.wait_for(lambda: self._born, _START_SECONDS), "the nursery does not answer"
                child = Forked(self._born.pop(), arguments)
                self._children[child.pid] = child
                if child.pid in self._codes:
                    self._children.pop(child.pid).ended(self._codes.pop(child.pid))
        return child

    def _listen(self) -> None:
        with self._socket.makefile("rb") as lines:
            for line in lines:
                told = json.loads(line)
                with self._news:
                    if "born" in told:
                        self._born.append(told["born"])
                    elif (child := self._children.pop(told["ended"], None)) is not None:
                        child.ended(told["code"])
                    else:
                        self._codes[told["ended"]] = told["code"]
                    self._news.notify_all()


@functools.cache
def nursery() -> Nursery:
    """That of this test process. It ends with it."""
    from tests.support.server import clean_environment

    return Nursery(clean_environment())


def _serve(connection: socket.socket) -> str:
    """Fork for every order, and tell of every child that has ended, until nobody listens. Returns in the child: the name of
    the module that it is to run."""
    woken, wake = socket.socketpair()
    for each in (woken, wake):
        each.setblocking(False)
    signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    waiting, children = b"", set[int]()
    while True:
        ready, _, _ = select.select([connection, woken], [], [])
        if woken in ready:
            with contextlib.suppress(BlockingIOError):
                woken.recv(4096)
            _tell_ended(connection, children)
        if connection not in ready:
            continue
        data = connection.recv(1 << 16)
        if not data:
            for child in children:  # whose test process was killed; each leads a group of its own
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child, signal.SIGKILL)
            os._exit(0)
        *lines, waiting = (waiting + data).split(b"\n")
        for line in lines:
            pid = os.fork()
            if not pid:
                signal.set_wakeup_fd(-1)
                for one in (connection, woken, wake):
                    one.close()
                return _become(json.loads(line))
            children.add(pid)
            connection.sendall(json.dumps({"born": pid}).encode() + b"\n")


def _tell_ended(connection: socket.socket, children: set[int]) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        children.discard(pid)
        told = {"ended": pid, "code": os.waitstatus_to_exitcode(status)}
        with contextlib.suppress(OSError):  # nobody listens any more: the next look finds that out
            connection.sendall(json.dumps(told).encode() + b"\n")


def _become(order: Mapping[str, object]) -> str:
    """The child is what a shell would have started, up to where it runs the module."""
    os.setsid()
    for number in (signal.SIGCHLD, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    out, err = (os.open(str(order[name]), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644) for name in ("out", "err"))
    read, write = os.pipe()
    os.write(write, str(order.get("given", "")).encode())  # far less than a pipe holds
    for source, target in ((read, 0), (out, 1), (err, 2)):
        os.dup2(source, target)
    for source in (read, write, out, err):
        os.close(source)
    environment, arguments = order["environment"], order["arguments"]
    assert isinstance(environment, dict) and isinstance(arguments, list)
    os.chdir(str(order["cwd"]))
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    module = str(order["module"])
    sys.argv = [module, *arguments]
    sys.modules.pop(module, None)  # it runs as `__main__`
    return module


def main() -> None:
    """Import, then fork."""
    for name in _IMPORTED:
        import_module(name)
    for name in _IMPORTED_WHOLE:
        for found in walk_packages(import_module(name).__path__, f"{name}."):
            import_module(found.name)
    for name, waits in _PATIENT:
        module_of = import_module(name)
        assert hasattr(module_of, waits), waits
        setattr(module_of, waits, PATIENCE)
    assert threading.active_count() == 1, "a thread does not survive a fork"
    gc.collect()
    gc.freeze()
    module = _serve(socket.socket(fileno=int(sys.argv[1])))
    try:
        run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        _end(ended)


def _end(ended: SystemExit) -> None:
    """End as the interpreter would, threads and all, but for clearing away what it has imported, which takes it as long as
    the program needed to stop."""
    if not isinstance(ended.code, int | None):
        raise ended
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(ended.code or 0)


if __name__ == "__main__":
    main()
