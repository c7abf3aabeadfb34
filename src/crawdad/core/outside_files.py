"""Files whose content came from outside: what a turn with such content in view wrote, known by its hash. The port."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from crawdad.core.programs import FileMark

MOST_BYTES = 10 * 1024 * 1024
"""Larger files are not remembered: no tool of ours writes or shows them."""


@dataclass(frozen=True, slots=True)
class FileText:
    """A file's text, perhaps without its middle, and the hash of all of it (empty where it is too large to be remembered)."""

    text: str
    sha256: str = ""


class OutsideFiles(Protocol):
    """Remembers content, not places: a file that is moved or copied stays what it is."""

    async def note(self, files: Sequence[FileMark], run_id: str) -> None:
        """These hold content from outside."""

    async def vouch(self, files: Sequence[FileMark]) -> None:
        """The operator has seen and approved what these hold."""

    async def among(self, digests: Collection[str]) -> frozenset[str]:
        """Those of the SHA-256 `digests` that are of content from outside."""

    async def at(self, paths: Collection[str]) -> bool:
        """Whether such content was written to one of these (absolute) paths: its name may come from outside as well."""
