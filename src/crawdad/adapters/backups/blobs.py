"""Contents by their SHA-256, in pieces of a mebibyte, compressed where that helps. Everything here blocks: it is for threads.

A kept piece is one byte (`z`: zlib, `r`: as it is) and the data. Its name is the hash of the data, so it is checked whenever
it is read, and the same piece of two files or of two days is kept once.
"""

from __future__ import annotations

import hashlib
import os
import re
import zlib
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

PIECE = 1 << 20
MOST_KEPT = PIECE + 4096
"""How long a kept piece can be."""
NAME = re.compile(r"[0-9a-f]{64}\Z")
_LEVEL = 3


class Damaged(Exception):
    """A piece is not what its name says, or is not there."""

    def __init__(self, name: str, missing: bool) -> None:
        super().__init__(name)
        self.missing = missing


def unpacked(name: str, kept: bytes) -> bytes:
    """The data of a kept piece. Raises `Damaged`; never makes more than a piece of it."""
    if kept[:1] == b"z":
        inflate = zlib.decompressobj()
        try:
            data = inflate.decompress(kept[1:], PIECE + 1)
        except zlib.error:
            raise Damaged(name, missing=False) from None
    else:
        data = kept[1:]
    if len(data) > PIECE or hashlib.sha256(data).hexdigest() != name:
        raise Damaged(name, missing=False)
    return data


class Blobs:
    """The folder of pieces."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._fresh: set[Path] = set()

    def keep(self, stream: BinaryIO) -> tuple[str, int, tuple[str, ...]]:
        """Keep what a stream holds: its hash, its size, its pieces."""
        whole, size, names = hashlib.sha256(), 0, []
        while data := stream.read(PIECE):
            whole.update(data)
            size += len(data)
            names.append(self.put(data))
        return whole.hexdigest(), size, tuple(names)

    def put(self, data: bytes) -> str:
        """Keep a piece."""
        name = hashlib.sha256(data).hexdigest()
        if not self._place(name).exists():
            packed = zlib.compress(data, _LEVEL)
            self.put_kept(name, b"z" + packed if len(packed) < len(data) else b"r" + data)
        return name

    def put_kept(self, name: str, kept: bytes) -> None:
        """Keep a piece as another store kept it; whoever calls has looked that it is whole."""
        place = self._place(name)
        if place.exists():
            return
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = place.with_name(f"{name}.{os.urandom(4).hex()}.new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(kept)
                file.flush()
                os.fsync(descriptor)
            os.replace(fresh, place)
        except BaseException:
            with suppress(FileNotFoundError):
                fresh.unlink()
            raise
        self._fresh.add(place.parent)

    def settle(self) -> None:
        """See that what was kept is on the disk, names and all."""
        for folder in (*self._fresh, self.folder):
            if folder.is_dir():
                flush_folder(folder)
        self._fresh.clear()

    def kept(self, name: str) -> bytes:
        """A piece as it is kept. Raises `Damaged` where it is not there."""
        try:
            with open(self._place(name), "rb") as file:
                return file.read(MOST_KEPT + 1)
        except FileNotFoundError:
            raise Damaged(name, missing=True) from None

    def data(self, name: str) -> bytes:
        """A piece's data. Raises `Damaged`."""
        return unpacked(name, self.kept(name))

    def has(self, name: str) -> bool:
        """Whether there is such a piece."""
        return self._place(name).exists()

    def remove_all_but(self, needed: set[str]) -> int:
        """Remove pieces that nobody needs, and what killed writers left. Returns how many bytes that freed."""
        freed = 0
        for folder in self.folder.iterdir() if self.folder.is_dir() else ():
            for path in folder.iterdir():
                if path.name not in needed:
                    freed += path.stat().st_size
                    path.unlink(missing_ok=True)
        return freed

    def _place(self, name: str) -> Path:
        if not NAME.match(name):
            raise GatewayError(ErrorKind.INTERNAL, Text("backups.damaged", {"id": name[:20]}))
        return self.folder / name[:2] / name


def flush_folder(folder: Path) -> None:
    """See that the names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
