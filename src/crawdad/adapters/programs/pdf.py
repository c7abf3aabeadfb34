"""PDF files as text and as pictures, read in a process of its own: a hostile file costs that process and a limited time.

The port is `core.documents.PdfTexts`.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import orjson
import structlog

from crawdad.adapters.programs.running import ProgramFailed, run_python
from crawdad.core.documents import PdfUnreadable
from crawdad.core.text import Text

_PROGRAM = str(Path(__file__).with_name("pdf_reading.py"))
_RENDERER = str(Path(__file__).with_name("pdf_rendering.py"))
_BYTES_PER_PIXEL = 5  # three of colour that could not be compressed, in base64
_MOST_MEMORY = 768 * 1024 * 1024
_BYTES_PER_CHARACTER = 12  # the longest escape in JSON
_AT_ONCE = 2

_log = structlog.get_logger(__name__)


class PdfProgram:
    """Reads PDF files, few at once. `seconds` is the time for one, `memory` the bytes its process may take."""

    def __init__(self, *, seconds: float = 15.0, memory: int = _MOST_MEMORY) -> None:
        self._seconds = seconds
        self._memory = memory
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._told = False

    async def read(self, data: bytes, max_pages: int, max_chars: int) -> str:
        """The text on the first pages, empty where they are only pictures. Raises `PdfUnreadable`."""
        limits = (max_pages, max_chars, self._memory, max(1, int(self._seconds)))
        arguments = ("-I", _PROGRAM, *(str(limit) for limit in limits))
        try:
            async with self._places:
                said = await run_python(
                    arguments, data, seconds=self._seconds, most_bytes=max_chars * _BYTES_PER_CHARACTER + 1000
                )
            answer = orjson.loads(said)
        except (ProgramFailed, orjson.JSONDecodeError):
            raise PdfUnreadable(Text("doors.pdf_large")) from None
        if "text" in answer:
            return str(answer["text"])
        raise PdfUnreadable(Text(f"doors.pdf_{answer['problem']}"))

    async def render(self, data: bytes, max_pages: int, max_pixels: int) -> list[str]:
        """See the port. It takes the package pypdfium2 (`crawdad[pdf]`), which not every installation has."""
        limits = (max_pages, max_pixels, self._memory, max(1, int(self._seconds)))
        arguments = ("-I", _RENDERER, *(str(limit) for limit in limits))
        try:
            async with self._places:
                most = max_pixels * _BYTES_PER_PIXEL + 100_000 * max_pages
                said = await run_python(arguments, data, seconds=self._seconds, most_bytes=most)
            answer = orjson.loads(said)
        except (ProgramFailed, orjson.JSONDecodeError):
            return []
        if answer.get("problem") == "absent" and not self._told:
            self._told = True
            _log.warning("pdf_pages_not_rendered", reason="the extra crawdad[pdf] (pypdfium2) is not installed")
        return [str(page) for page in answer.get("pages") or []]
