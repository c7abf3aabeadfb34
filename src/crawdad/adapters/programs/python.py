"""Python in a process of its own: bytes in, bytes out, within a time and a length, with none of the gateway's environment."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from crawdad.core.text import Text

_ENVIRONMENT = {"LANG": "C.UTF-8", "PATH": os.defpath}


class PythonFailed(Exception):
    """The process could not be started, took too long, said too much or failed. `reason` is for people."""

    def __init__(self, reason: Text | str) -> None:
        super().__init__(str(reason))
        self.reason = reason


async def run_python(
    arguments: tuple[str, ...], told: bytes, *, seconds: float, most_bytes: int, folder: Path | None = None
) -> bytes:
    """What the process with these `arguments` writes when it is told `told`. It, and what it started, is gone afterwards.
    Raises `PythonFailed`."""
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=_ENVIRONMENT,
            cwd=folder,
            start_new_session=True,
        )
    except OSError as error:
        raise PythonFailed(error.strerror or "") from None
    try:
        async with asyncio.timeout(seconds):
            said, _ = await asyncio.gather(_hear(process, most_bytes), _tell(process, told))
            code = await process.wait()
    except TimeoutError:
        raise PythonFailed(Text("doors.transform_time", {"seconds": seconds})) from None
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    if code != 0:
        raise PythonFailed(f"exit code {code}")
    return said


async def _tell(process: asyncio.subprocess.Process, told: bytes) -> None:
    assert process.stdin is not None
    with suppress(ConnectionError):
        process.stdin.write(told)
        await process.stdin.drain()
    process.stdin.close()


async def _hear(process: asyncio.subprocess.Process, most_bytes: int) -> bytes:
    assert process.stdout is not None
    said = b""
    while piece := await process.stdout.read(65_536):
        said += piece
        if len(said) > most_bytes:
            raise PythonFailed("its answer is too long")
    return said
