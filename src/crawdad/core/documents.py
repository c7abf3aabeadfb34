"""The port that reads the text of PDF files."""

from __future__ import annotations

from typing import Protocol

from crawdad.core.text import Text


class PdfUnreadable(Exception):
    """A PDF file is damaged, locked or too much work. `reason` is for people."""

    def __init__(self, reason: Text) -> None:
        super().__init__(str(reason))
        self.reason = reason


class PdfTexts(Protocol):
    """Reads PDF files apart from the gateway, within a time and an amount of memory."""

    async def read(self, data: bytes, max_pages: int, max_chars: int) -> str:
        """The text on the first pages, empty where they are only pictures. Raises `PdfUnreadable`."""

    async def render(self, data: bytes, max_pages: int, max_pixels: int) -> list[str]:
        """The first pages as PNG in base64, which share the pixels; none where that cannot be done, here or with this file."""
