"""The files of the web console where its build has put them. The port is `api.console.pages.Assets`."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from pathlib import Path

from crawdad.core.page_assets import PageAsset

_FIRST = "index.html"
_COMPRESSED = ".gz"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True, slots=True)
class _Built:
    """One build: its files by name, and when its first page was written (nanoseconds)."""

    files: dict[str, Path]
    written_at: int


class LocalPageAssets:
    """The files below a folder. Names are looked up among those that are there, so that none leads elsewhere; a new build is
    noticed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._built = _Built({}, -1)

    async def find(self, name: str, *, compressed: bool) -> PageAsset | None:
        """See the port."""
        return await asyncio.to_thread(self._find, name, compressed)

    def _find(self, name: str, compressed: bool) -> PageAsset | None:
        try:
            written_at = (self._folder / _FIRST).stat().st_mtime_ns
        except OSError:
            return None
        if written_at != self._built.written_at:
            files = {path.relative_to(self._folder).as_posix(): path for path in _files(self._folder)}
            self._built = _Built(files, written_at)
        media_type = _TYPES.get(Path(name).suffix)
        small = self._built.files.get(name + _COMPRESSED) if compressed else None
        path = small or self._built.files.get(name)
        if media_type is None or path is None:
            return None
        try:
            data = path.read_bytes()
        except OSError:
            return None
        fingerprint = hashlib.blake2b(data, digest_size=12).hexdigest()
        return PageAsset(data, media_type, fingerprint, small is not None)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
