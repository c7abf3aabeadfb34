"""Skills on the disk: where they lie, and the ports to find, read, unpack and keep them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SkillFile:
    """A SKILL.md that was found. `folder` is the directory it lies in, `mark` changes with it."""

    folder: str
    path: str
    mark: str
    size: int


class SkillFolders(Protocol):
    """Looks for skills. With `links` a skill's directory may be a link (places that only people write to)."""

    async def look(self, roots: Sequence[tuple[str, bool]], most: int) -> Sequence[Sequence[SkillFile]]:
        """The skills right below each of `roots`, by name; none where there is no such directory. With each root stands
        whether links are followed there."""

    async def read(self, path: str, limit: int) -> str | None:
        """A file's text; None where it cannot be read or is larger."""

    async def read_within(self, folder: str, path: str, limit: int) -> str | None:
        """A file's text below a skill's directory, never through a link."""

    async def files(self, folder: str) -> Sequence[str]:
        """The files below a skill's directory."""


@dataclass(frozen=True, slots=True)
class Package:
    """A skill's files, read and checked, not yet put anywhere. `digest` is the SHA-256 of what was read."""

    files: Mapping[str, bytes]
    executable: frozenset[str]
    digest: str
    source: str


class SkillPackages(Protocol):
    """Reads packages and puts them into the managed directory."""

    async def read(self, path: str, most_bytes: int, most_files: int) -> Package:
        """A directory or an archive (zip, tar, tar.gz). Raises BAD_REQUEST for anything that leads out of itself, is no
        plain file, or grows beyond the limits."""

    async def unpack(self, data: bytes, source: str, most_bytes: int, most_files: int) -> Package:
        """The same of an archive in memory."""

    async def install(self, name: str, package: Package, record: Mapping[str, object], replace: bool) -> str:
        """Put a package there whole or not at all: its directory. Raises CONFLICT where there is one of that name."""

    async def remove(self, name: str) -> bool:
        """Take a skill away. False: there is none."""

    async def record(self, name: str) -> Mapping[str, object]:
        """What `install` noted; empty: nothing."""
