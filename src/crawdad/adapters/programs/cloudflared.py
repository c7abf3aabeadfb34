"""`cloudflared` on this machine. The ports are `TunnelPrograms` and `TunnelProcess` of `services.tunnel`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress

from crawdad.adapters.programs.finding import LocalPrograms
from crawdad.adapters.programs.running import bound_to_us
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

_PASSED = ("PATH", "HOME", "LANG", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")
_LINE_BYTES = 65_536
_GRACE_SECONDS = 3.0


class LocalTunnelPrograms(LocalPrograms):
    """Looks along the search path, then in `folder`."""

    def __init__(self, home: str, environment: Mapping[str, str], folder: str) -> None:
        super().__init__(home, environment, (folder,))
        self.folder = folder

    async def start(self, path: str, arguments: Sequence[str], variables: Mapping[str, str]) -> CloudflaredProcess:
        """Start it. It gets none of our environment but what programs need to run and to find their way out."""
        passed = {name: value for name, value in self._environment.items() if name in _PASSED}
        try:
            process = await asyncio.create_subprocess_exec(
                *bound_to_us([path, *arguments]),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env={**passed, **variables},
                limit=_LINE_BYTES,
                cwd="/",
            )
        except OSError as error:
            words = Text("tunnel.failed", {"reason": os.strerror(error.errno or 0)})
            raise GatewayError(ErrorKind.UNAVAILABLE, words) from None
        return CloudflaredProcess(process)


class CloudflaredProcess:
    """The program while it runs."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def lines(self) -> AsyncIterator[str]:
        """What it prints, until it ends; a line longer than any that matters is passed over."""
        stream = self._process.stdout
        assert stream is not None
        while True:
            try:
                line = await stream.readline()
            except ValueError:
                continue
            if not line:
                return
            yield line.decode(errors="replace").rstrip()

    async def wait(self) -> int:
        """Its exit code, once it has ended."""
        return await self._process.wait()

    async def stop(self) -> None:
        """Ask it to end; end it when it does not."""
        with suppress(ProcessLookupError):
            self._process.terminate()
        try:
            async with asyncio.timeout(_GRACE_SECONDS):
                await self._process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
