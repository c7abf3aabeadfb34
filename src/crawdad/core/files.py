"""Text files as the services see them: read with a hash, replaced whole or not at all, watched. A port."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

MISSING = ""
"""The hash of a file that is not there."""


@dataclass(frozen=True, slots=True)
class FileText:
    """A file's text as it stood when read.

    `path` is the one asked for, `real_path` has every symbolic link resolved, `hash` is the SHA-256 of the raw bytes in
    hexadecimal. The text may hold secrets and is not part of the representation.
    """

    path: str
    real_path: str
    text: str = field(repr=False)
    hash: str


class TextFiles(Protocol):
    """Small UTF-8 files. Every method raises `GatewayError` worded for a person, naming the path, never the content."""

    async def read(self, path: str, within: str | None = None) -> FileText | None:
        """The file, or None when there is none. FORBIDDEN when, links resolved, it lies outside the folder `within`."""

    async def replace(self, path: str, text: str, base_hash: str, backup: str | None = None) -> str:
        """Put `text` in place of the file whose hash is `base_hash` and return the new hash.

        Atomic: a reader sees the old text or the new, also after a power cut. `backup` is kept as the newest numbered
        backup. CONFLICT when the file is no longer the one with `base_hash` (`MISSING`: it must not exist).
        """

    async def backups(self, path: str) -> list[FileText]:
        """The numbered backups of `path` that exist, the newest first."""

    def watch(self, paths: Callable[[], Iterable[str]]) -> AsyncGenerator[None, None]:
        """An item at once, and one whenever one of `paths()` (asked anew after each) was made, replaced or removed.

        Whoever reads the files after an item misses no change: what happens after that reading brings another item.
        """


def digest_of_files(files: Mapping[str, bytes]) -> str:
    """A hash over paths and contents, in hexadecimal."""
    found = hashlib.sha256()
    for path, data in sorted(files.items()):
        found.update(f"{len(path.encode())}:{path}:{len(data)}:".encode())
        found.update(data)
    return found.hexdigest()
