"""Recordings as WAV, by ffmpeg where it is installed: 16 kHz, one channel, read from a pipe and nowhere else."""

from __future__ import annotations

import asyncio
import shutil

from crawdad.adapters.programs.running import ProgramFailed, run_program
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

_SECONDS = 60.0
_MOST_BYTES = 64 * 1024 * 1024
_AT_ONCE = 2
_ARGUMENTS = (
    *("-hide_banner", "-loglevel", "error", "-protocol_whitelist", "pipe", "-i", "pipe:0"),
    *("-vn", "-ac", "1", "-ar", "16000", "-f", "wav", "pipe:1"),
)


class Ffmpeg:
    """The program, few at once. `path` None: it is looked for when it is needed."""

    def __init__(self, path: str | None = None) -> None:
        self._path = path
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def to_wave(self, data: bytes) -> bytes:
        """A recording as WAV. Raises UNAVAILABLE where there is no ffmpeg, UPSTREAM_ERROR where it cannot read it."""
        path = self._path or await asyncio.to_thread(shutil.which, "ffmpeg")
        if path is None:
            raise GatewayError(ErrorKind.UNAVAILABLE, Text("channels.no_ffmpeg"))
        try:
            async with self._places:
                return await run_program((path, *_ARGUMENTS), data, seconds=_SECONDS, most_bytes=_MOST_BYTES)
        except ProgramFailed as failed:
            reason = failed.reason if isinstance(failed.reason, str) else failed.reason.render()
            raise GatewayError(ErrorKind.UPSTREAM_ERROR, f"ffmpeg: {reason}") from None
