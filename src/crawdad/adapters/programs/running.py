"""A program in a process of its own that is run to its end: bytes in, bytes out, within a time and a length, and with none of
the gateway's environment but what it is given. Those that run on, and are talked to, are begun elsewhere (`bound_to_us`)."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

from crawdad.core.text import Text

Complaints = Literal["dropped", "apart", "mixed"]
"""What becomes of its standard error: nobody sees it, it tells why the program failed, or it also stands in what it says."""
_ENVIRONMENT = {"LANG": "C.UTF-8", "PATH": os.defpath}
_PIECE_BYTES = 65_536
_LAST_CHARACTERS = 1000
_END_SECONDS = 5.0
_BOUND = (
    "import ctypes,os,signal,sys;"
    "ctypes.CDLL(None).prctl(1,signal.SIGKILL);"
    "os.getppid()==int(sys.argv[1]) or os._exit(1);"
    "os.execvp(sys.argv[2],sys.argv[2:])"
)
"""Let the kernel end the program with its parent, then become it: no hook between fork and exec, where threads could hang."""


class ProgramFailed(Exception):
    """The process could not be started, took too long, said too much or failed. `reason` is for people; `code` is what it ended
    with by itself."""

    def __init__(self, reason: Text | str, code: int | None = None) -> None:
        super().__init__(str(reason))
        self.reason, self.code = reason, code


def bound_to_us(command: Sequence[str]) -> list[str]:
    """The command for a program that runs on: where the kernel can do that, it ends with this process, however that ends."""
    if sys.platform != "linux":
        return list(command)
    return [sys.executable, "-I", "-S", "-c", _BOUND, str(os.getpid()), *command]


async def run_python(
    arguments: tuple[str, ...], told: bytes, *, seconds: float, most_bytes: int, folder: Path | None = None
) -> bytes:
    """What Python with these `arguments` writes when it is told `told`; see `run_program`."""
    program = (sys.executable, *arguments)
    return await run_program(program, told, seconds=seconds, most_bytes=most_bytes, folder=folder)


async def run_program(
    program: tuple[str, ...],
    told: bytes = b"",
    *,
    seconds: float,
    most_bytes: int,
    folder: Path | None = None,
    environment: Mapping[str, str] = _ENVIRONMENT,
    complaints: Complaints = "dropped",
) -> bytes:
    """What a program, named with its arguments, writes when it is told `told`. It, and what it started, is gone afterwards.
    Raises `ProgramFailed`."""
    null, pipe = asyncio.subprocess.DEVNULL, asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(
            *program,
            stdin=pipe if told else null,
            stdout=pipe,
            stderr={"dropped": null, "apart": pipe, "mixed": asyncio.subprocess.STDOUT}[complaints],
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
    except OSError as error:
        raise ProgramFailed(error.strerror or str(error)) from None
    try:
        async with asyncio.timeout(seconds):
            said, complaint, _ = await asyncio.gather(
                _hear(process, most_bytes), _hear_last(process), _tell(process, told)
            )
            code = await process.wait()
    except TimeoutError:
        raise ProgramFailed(Text("doors.transform_time", {"seconds": f"{seconds:g}"})) from None
    finally:
        _kill(process)
        await _let_go(process)
    if said is None:
        raise ProgramFailed("its answer is too long")
    if code != 0:
        last = b"" if complaints == "dropped" else said[-_PIECE_BYTES:] + complaint
        words = " ".join(last.decode("utf-8", "replace").split())[-_LAST_CHARACTERS:]
        raise ProgramFailed(words or f"exit code {code}", code)
    return said


async def _tell(process: asyncio.subprocess.Process, told: bytes) -> None:
    if process.stdin is None:
        return
    with suppress(ConnectionError):
        process.stdin.write(told)
        await process.stdin.drain()
    process.stdin.close()


async def _hear(process: asyncio.subprocess.Process, most_bytes: int) -> bytes | None:
    """All that it says; None where that is too much. It is ended then, and its pipe still read to the end: an unread one
    keeps the process from being waited for."""
    assert process.stdout is not None
    said, length = bytearray(), 0
    while piece := await process.stdout.read(_PIECE_BYTES):
        length += len(piece)
        if length > most_bytes:
            _kill(process)
        else:
            said += piece
    return None if length > most_bytes else bytes(said)


async def _hear_last(process: asyncio.subprocess.Process) -> bytes:
    """The last of what it complains of; all of it is read, so that it never waits for us."""
    last = b""
    while process.stderr is not None and (piece := await process.stderr.read(_PIECE_BYTES)):
        last = (last + piece)[-_PIECE_BYTES:]
    return last


def _kill(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


async def _let_go(process: asyncio.subprocess.Process) -> None:
    """Wait for a process that was killed, with its pipes read to the end."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_END_SECONDS):
            for stream in filter(None, (process.stdout, process.stderr)):
                while await stream.read(_PIECE_BYTES):
                    pass
            await process.wait()
