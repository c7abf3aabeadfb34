"""A server that is a program of this machine: one message a line over its standard streams.

It gets none of our environment but what programs need to run, leads a process group of its own, and is ended with all
that it began: politely, then not.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections import deque
from collections.abc import Mapping
from contextlib import suppress

from crawdad.adapters.mcp.session import McpSession
from crawdad.adapters.programs.running import bound_to_us
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.mcp import ServerAddress, StartTask
from crawdad.core.text import Text

_PASSED = (
    *("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "USER", "LOGNAME", "SHELL", "TERM"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SystemRoot"),
)
_LINE_BYTES = 32 * 1024 * 1024
_GRACE_SECONDS = 2.0
_LAST_WORDS = 5


def scrubbed(environment: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """What a server's program gets of an environment, and what it is given."""
    return {**{name: value for name, value in environment.items() if name in _PASSED}, **given}


class ProgramCarrier:
    """`session.Carrier` over a program."""

    version = ""

    def __init__(self, process: asyncio.subprocess.Process, session: McpSession) -> None:
        self._process = process
        self._session = session
        self._one = asyncio.Lock()
        self._said: deque[str] = deque(maxlen=_LAST_WORDS)

    @classmethod
    async def start(
        cls, address: ServerAddress, environment: Mapping[str, str], session: McpSession, start_task: StartTask
    ) -> ProgramCarrier:
        """Start the program. Raises UNAVAILABLE when it cannot be."""
        try:
            process = await asyncio.create_subprocess_exec(
                *bound_to_us([address.command, *address.arguments]),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=scrubbed(environment, address.environment),
                limit=_LINE_BYTES,
                cwd=address.folder or "/",
                start_new_session=True,
            )
        except OSError as error:
            words = Text("mcp.not_started", {"reason": os.strerror(error.errno or 0)})
            raise GatewayError(ErrorKind.UNAVAILABLE, words) from None
        carrier = cls(process, session)
        start_task(carrier._read(), f"mcp {address.command}")
        start_task(carrier._listen(), f"mcp {address.command} says")
        return carrier

    async def send(self, data: bytes) -> None:
        """One line."""
        stream = self._process.stdin
        assert stream is not None
        try:
            async with self._one:
                stream.write(data + b"\n")
                await stream.drain()
        except (OSError, RuntimeError):
            raise self._gone() from None

    async def close(self) -> None:
        """Close its input, which asks it to end; then end it and all that it began."""
        process = self._process
        if process.stdin is not None:
            process.stdin.close()
        for number in (None, signal.SIGTERM, signal.SIGKILL):
            if number is not None:
                _signal(process.pid, number)
            try:
                async with asyncio.timeout(_GRACE_SECONDS):
                    await process.wait()
                    break
            except TimeoutError:
                continue
        _signal(process.pid, signal.SIGKILL)  # what it left behind

    async def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        try:
            while True:
                try:
                    line = await stream.readline()
                except ValueError:  # a line longer than any message may be
                    continue
                if not line:
                    break
                if line.strip():
                    with suppress(GatewayError):  # programs print all kinds of things
                        await self._session.heard(line)
        finally:
            self._session.ended(self._gone())
            _signal(self._process.pid, signal.SIGKILL)

    async def _listen(self) -> None:
        """Keep the last of what it complains about."""
        stream = self._process.stderr
        assert stream is not None
        while True:
            try:
                line = await stream.readline()
            except ValueError:
                continue
            if not line:
                return
            self._said.append(line.decode("utf-8", "replace").strip()[:300])

    def _gone(self) -> GatewayError:
        reason = " | ".join(words for words in self._said if words)
        return GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("mcp.ended", {"reason": reason}))


def _signal(group: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
