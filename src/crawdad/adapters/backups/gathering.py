"""Reads files into a store of contents: trees without what is excluded, special files and links that lead out left alone.

Everything here blocks: it is for threads.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from crawdad.adapters.backups.blobs import Blobs
from crawdad.core.backups import Entry, Gathered, Given, Progress, Seal, Tree, safe_link

_MOST_TOLD = 50
_TRIES = 3
_SEALED_BYTES = 4 << 20


class Gatherer:
    """One gathering. A file that changes while it is read is read again; one that goes away or may not be read is told as
    left out."""

    def __init__(self, blobs: Blobs, known: Mapping[tuple[str, str], Entry], seal: Seal, progress: Progress) -> None:
        self._blobs, self._known, self._seal, self._progress = blobs, known, seal, progress
        self._entries: list[Entry] = []
        self._skipped: list[str] = []
        self._skipped_count = 0
        self._size = 0

    def gather(self, sources: Sequence[Given | Tree]) -> Gathered:
        """All of them."""
        for source in sources:
            for entry in [self._given(source)] if isinstance(source, Given) else self._tree(source):
                self._entries.append(entry)
                self._size += entry.size
                self._progress(len(self._entries), self._size)
        self._blobs.settle()
        return Gathered(tuple(self._entries), tuple(self._skipped), self._skipped_count)

    def _given(self, given: Given) -> Entry:
        data = self._seal(given.data) if given.sealed else given.data
        sha256, size, names = self._blobs.keep(io.BytesIO(data))
        return Entry(given.part, given.root, given.path, sha256, size, given.mode, names, given.sealed)

    def _tree(self, tree: Tree) -> Iterator[Entry]:
        if tree.name:
            entry = self._file(tree, tree.path, tree.name)
            if entry is not None:
                yield entry
            return
        for at, folders, names in os.walk(tree.path, followlinks=False, onerror=self._on_error):
            links = [name for name in folders if os.path.islink(os.path.join(at, name))]
            folders[:] = sorted(name for name in folders if name not in links and not _excluded(name, tree.exclude))
            for name in sorted((*names, *links)):
                if _excluded(name, tree.exclude):
                    continue
                full = os.path.join(at, name)
                entry = self._file(tree, full, os.path.relpath(full, tree.path))
                if entry is not None:
                    yield entry

    def _on_error(self, error: OSError) -> None:
        self._skip(str(error.filename))

    def _skip(self, path: str) -> None:
        self._skipped_count += 1
        if len(self._skipped) < _MOST_TOLD:
            self._skipped.append(path.encode("utf-8", "replace").decode()[:500])

    def _file(self, tree: Tree, full: str, path: str) -> Entry | None:
        try:
            path.encode()
            status = os.lstat(full)
            if stat.S_ISLNK(status.st_mode):
                return self._link(tree, full, path)
            if not stat.S_ISREG(status.st_mode):
                self._skip(full)
                return None
            known = self._known.get((tree.root, path))
            stamp = _stamp(status)
            if known is not None and self._is_same(known, tree, stamp):
                return known
            return self._read(tree, full, path)
        except (OSError, UnicodeError):
            self._skip(full)
            return None

    def _is_same(self, known: Entry, tree: Tree, stamp: str) -> bool:
        same = (known.stamp, known.sealed, known.part) == (stamp, tree.sealed, tree.part)
        return same and all(map(self._blobs.has, known.blobs))

    def _link(self, tree: Tree, full: str, path: str) -> Entry | None:
        target = os.readlink(full)
        if not safe_link(path, target):
            self._skip(full)
            return None
        return Entry(tree.part, tree.root, path, "", 0, 0o777, link=target)

    def _read(self, tree: Tree, full: str, path: str) -> Entry:
        for attempt in range(_TRIES):
            # O_NONBLOCK: what was a file a moment ago may be a FIFO now.
            descriptor = os.open(full, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as file:
                before = os.fstat(descriptor)
                if not stat.S_ISREG(before.st_mode) or (tree.sealed and before.st_size > _SEALED_BYTES):
                    raise OSError(f"{full} is not a file that can be kept")
                stream = io.BytesIO(self._seal(file.read())) if tree.sealed else file
                sha256, size, names = self._blobs.keep(stream)
                after = os.fstat(descriptor)
            if _stamp(before) == _stamp(after) or attempt == _TRIES - 1:
                break
        # What still changes while it is read is kept as it was read, and read again the next time.
        stamp = _stamp(before) if _stamp(before) == _stamp(after) else ""
        mode = stat.S_IMODE(before.st_mode) & 0o777
        return Entry(tree.part, tree.root, path, sha256, size, mode, names, tree.sealed, "", stamp)


def _stamp(status: os.stat_result) -> str:
    return f"{status.st_ino:x}:{status.st_size:x}:{status.st_mtime_ns:x}:{status.st_ctime_ns:x}"


def _excluded(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
