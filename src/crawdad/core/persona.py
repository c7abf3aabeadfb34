"""The files of an agent's workspace that make it what it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PersonaFile:
    """A file that is there. `at` is when it was changed, in Unix seconds."""

    name: str
    size: int
    at: float


class PersonaFiles(Protocol):
    """Reads and writes them. What a link leads out of the workspace to is not there. Raises UNAVAILABLE."""

    async def listed(self, workspace: Path, names: Sequence[str]) -> Mapping[str, PersonaFile]:
        """Those of `names` that are there."""

    async def read(self, workspace: Path, name: str) -> str | None:
        """The text of a file; None: it is not there."""

    async def write(self, workspace: Path, name: str, text: str) -> None:
        """Replace a file, or make it."""
