"""Starts programs for agents. The port is `core.programs.Programs`."""

from __future__ import annotations

import asyncio
import marshal
import os
import pty
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from crawdad.adapters.tools import executables
from crawdad.adapters.tools.bubblewrap import bubblewrap_argv
from crawdad.adapters.tools.container import running_argv
from crawdad.adapters.tools.containers import Leave, SharedContainers
from crawdad.adapters.tools.descriptors import Descriptor, set_size
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.programs import Executable, FileMark, Level, ProgramOrder
from crawdad.core.text import Text

_LAUNCHER = str(Path(__file__).with_name("launcher.py"))
_GRACE_SECONDS = 2.0
_USUAL_SIZE = (80, 24)


async def _nothing(cut_off: bool) -> None:
    """Nothing is left."""


class LocalAgentPrograms:
    """The programs of this machine, as agents may run them."""

    def __init__(
        self, environment: Mapping[str, str], home: Path | None = None, now: Callable[[], float] = time.time
    ) -> None:
        """`home` is where it is noted which containers there are; without one they are noted nowhere that outlives us."""
        self._environment = environment
        self._containers: str | None = None
        folder = Path(tempfile.gettempdir(), f"crawdad-{os.getuid()}") if home is None else home
        self._shared = SharedContainers(folder / "sandboxes", self._of_sandbox(), now)

    async def find(self, name: str, cwd: str, search: Sequence[str]) -> Executable:
        """See `core.programs.Programs`."""
        return await asyncio.to_thread(executables.find, name, cwd, search)

    async def mark(self, paths: Sequence[str], cwd: str, most: int | None = None) -> list[FileMark]:
        """See `core.programs.Programs`."""
        return await asyncio.to_thread(executables.marks, paths, cwd, most)

    async def holding(self, paths: Sequence[str], cwd: str, pattern: str) -> list[str]:
        """See `core.programs.Programs`."""
        return await asyncio.to_thread(executables.holding, paths, cwd, pattern)

    async def changed(self, folder: str, since: float) -> list[FileMark]:
        """See `core.programs.Programs`."""
        return await asyncio.to_thread(executables.changed, folder, since)

    async def directory(self, path: str, workspace: str, inside: bool) -> str:
        """See `core.programs.Programs`."""
        return await asyncio.to_thread(executables.directory, path, workspace, inside)

    async def has(self, level: Level) -> bool:
        """See `core.programs.Programs`."""
        return level in ("none", "workspace") or await self._sandbox(level) is not None

    async def prune(self, idle_seconds: float, age_seconds: float) -> int:
        """See `core.programs.Programs`."""
        return await self._shared.prune(idle_seconds, age_seconds)

    async def start(self, order: ProgramOrder) -> LocalRunningProgram:
        """See `core.programs.Programs`."""
        level = order.confinement.level
        words = [order.executable.path, *order.arguments]
        secrets = {name: secret.reveal() for name, secret in order.secrets.items() if name not in order.variables}
        file, argv, variables = order.executable.mark.path, words, {**secrets, **order.variables}
        leave: Leave = _nothing
        if level in ("bubblewrap", "container"):
            program = await self._sandbox(level)
            if program is None:
                raise GatewayError(ErrorKind.UNAVAILABLE, Text("tools.no_sandbox"), {"code": "no_sandbox"})
            file, variables = program, {**secrets, **self._of_sandbox()}
            if level == "bubblewrap":
                variables = secrets  # it needs nothing itself, and what it has it hands on
                argv = bubblewrap_argv(program, order, words, os.path.exists)
            else:
                stay = await self._shared.enter(program, order)
                argv, leave = running_argv(program, order, words, stay.name), stay.leave
        checked = [(mark.path, mark.sha256) for mark in order.checked]
        changed = Text("exec.changed").render()
        wanted: JsonObject = {
            "file": file,
            "argv": argv,
            "variables": variables,
            "checked": checked,
            "changed": changed,
        }
        wanted |= {"terminal": order.terminal, "parent": os.getpid()}
        cwd = "/" if level in ("bubblewrap", "container") else order.cwd
        try:
            return await _launch(marshal.dumps(wanted), cwd, order.terminal, leave)
        except BaseException:
            await leave(True)
            raise

    async def _sandbox(self, level: Level) -> str | None:
        """The program that makes sandboxes of a kind. Of those for containers it is the first whose containers can be had: a
        client without its daemon is of no use."""
        path = self._environment.get("PATH", os.defpath)
        if level == "bubblewrap":
            return await asyncio.to_thread(shutil.which, "bwrap", path=path)
        if self._containers is None:
            for name in ("docker", "podman"):
                found = await asyncio.to_thread(shutil.which, name, path=path)
                if found is not None and await self._shared.answers(found):
                    self._containers = found
                    break
        return self._containers

    def _of_sandbox(self) -> dict[str, str]:
        """What the client of a sandbox needs to know; none of it goes inside."""
        names = ("PATH", "HOME", "DOCKER_HOST", "XDG_RUNTIME_DIR", "CONTAINER_HOST")
        return {name: self._environment[name] for name in names if name in self._environment}


class LocalRunningProgram:
    """A program while it lives, in a process group of its own."""

    def __init__(
        self, process: asyncio.subprocess.Process, output: Descriptor, stdin: Descriptor, leave: Leave
    ) -> None:
        self.pid = process.pid
        self._process = process
        self._output = output
        self._input = stdin
        self._leave = leave
        self._is_terminal = stdin is output
        self._gone = False

    async def read(self) -> bytes:
        """See `core.programs.RunningProgram`."""
        data = await self._output.read()
        if not data:
            self._output.close()
        return data

    async def write(self, data: bytes) -> None:
        """See `core.programs.RunningProgram`."""
        await self._input.write(data)

    async def close_input(self) -> None:
        """See `core.programs.RunningProgram`. A terminal is told by the key that means it."""
        if self._is_terminal:
            await self._input.write(b"\x04")
        else:
            self._input.close()

    def resize(self, columns: int, rows: int) -> None:
        """See `core.programs.RunningProgram`. The system tells the program (SIGWINCH)."""
        if self._is_terminal:
            self._output.resize(columns, rows)

    async def wait(self) -> int:
        """See `core.programs.RunningProgram`."""
        return await self._process.wait()

    async def kill(self) -> None:
        """See `core.programs.RunningProgram`. Asked first, then made to."""
        if self._gone:
            return
        cut_off = self._process.returncode is None
        if cut_off:
            self._signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(_GRACE_SECONDS):
                    await self._process.wait()
            except TimeoutError:
                pass
            except asyncio.CancelledError:
                self._signal(signal.SIGKILL)  # nobody waits for it any more
                raise
        self._signal(signal.SIGKILL)  # also what its leader has left behind
        await self._process.wait()
        self._gone = True
        await self._leave(cut_off)
        self._output.finish()
        if not self._is_terminal:
            self._input.close()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


async def _launch(order: bytes, cwd: str, terminal: bool, leave: Leave) -> LocalRunningProgram:
    ours: list[int] = []
    theirs: list[int] = []
    try:
        if terminal:
            master, slave = pty.openpty()
            ours, theirs = [master], [slave]
            set_size(master, *_USUAL_SIZE)
            stdin = stdout = slave
        else:
            stdin, feeding = os.pipe()
            reading, stdout = os.pipe()
            ours, theirs = [feeding, reading], [stdin, stdout]
        told, telling = os.pipe()
        theirs.append(told)
        ours.append(telling)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", _LAUNCHER, str(told)),
            stdin=stdin,
            stdout=stdout,
            stderr=asyncio.subprocess.STDOUT,
            cwd=cwd,
            env={},
            pass_fds=(told,),
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        _close(ours)
        reason = os.strerror(error.errno or 0) if isinstance(error, OSError) else str(error)
        raise GatewayError(ErrorKind.UNAVAILABLE, Text("exec.not_started", {"reason": reason})) from None
    except BaseException:
        _close(ours)
        raise
    finally:
        _close(theirs)
    output = Descriptor(ours[0] if terminal else ours[1])
    program = LocalRunningProgram(process, output, output if terminal else Descriptor(ours[0]), leave)
    telling_end = Descriptor(ours[-1])
    try:
        await telling_end.write(order)
    except GatewayError:
        pass  # the launcher is gone: its exit code tells
    except BaseException:
        await program.kill()
        output.close()
        raise
    finally:
        telling_end.close()
    return program


def _close(numbers: Sequence[int]) -> None:
    for number in numbers:
        os.close(number)
