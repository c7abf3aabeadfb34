"""What agents wrote down to remember: the files, and the ports to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class MemoryFile:
    """A file of memory. `path` is relative to the workspace, or absolute where it lies outside. `mark` changes with it."""

    path: str
    mark: str
    size: int


class MemoryFiles(Protocol):
    """The files of memory: `MEMORY.md`, `memory.md`, those under `memory/`, and what `extra` names; Markdown and plain text
    only, never through a link."""

    async def look(self, workspace: Path, extra: Sequence[str]) -> list[MemoryFile]:
        """What there is now, in the order of their paths."""

    async def read(self, workspace: Path, extra: Sequence[str], path: str) -> str | None:
        """A file's text; None where there is none of that path, or it is none of memory."""


class VectorCache(Protocol):
    """Vectors that were paid for. `digests` name the texts."""

    async def known(self, model: str, digests: Sequence[str]) -> Mapping[str, bytes]:
        """Those that are known: digest → 32-bit floats."""

    async def keep(self, model: str, vectors: Mapping[str, bytes], now: float) -> None:
        """Remember some."""
