"""What agents wrote down to remember: the files, and the ports to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

NOTE_ENDINGS = (".md", ".txt")
"""How the names of notes that people edit end."""
_LONGEST_NAME = 200


def note_name(name: str) -> str | None:
    """The plain name of a note as somebody gave it, `.md` added where it has no ending of a note; None where it is none."""
    plain = name if name.endswith(NOTE_ENDINGS) else f"{name}.md"
    odd = plain.startswith((".", "-")) or "/" in plain or "\\" in plain or not plain.isprintable()
    return None if odd or not name or len(plain.encode("utf-8", "replace")) > _LONGEST_NAME else plain


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


class MemoryNotes(Protocol):
    """The notes right in a workspace's folder `memory`, for whoever edits them by hand. `name` is a plain file name; nothing is
    reached through a link. Raises UNAVAILABLE."""

    async def names(self, workspace: Path) -> Sequence[str]:
        """The notes, in the order of their names."""

    async def read(self, workspace: Path, name: str) -> str | None:
        """The text of a note; None: there is none of that name."""

    async def write(self, workspace: Path, name: str, text: str) -> None:
        """Replace a note, or make it."""

    async def delete(self, workspace: Path, name: str) -> bool:
        """Remove a note. Whether there was one."""
