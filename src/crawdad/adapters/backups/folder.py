"""The port `core.backups.BackupStore` on a folder: `blobs/` holds contents, `manifests/` a file for each backup.

A backup is there once its manifest is, which is renamed into place last: a kill leaves it whole or not at all. What a killed
writer left of contents goes with the next deletion. Writers of one folder take turns by a lock on it.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from crawdad.adapters.backups import manifests
from crawdad.adapters.backups.archive import pack, unpack
from crawdad.adapters.backups.blobs import Blobs, Damaged, flush_folder
from crawdad.adapters.backups.gathering import Gatherer
from crawdad.core.backups import Backup, Entry, Fault, Gathered, Given, Manifest, Part, Progress, Seal, Tree
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{7,63}\Z")
_LOCK_SECONDS = 600.0
_LOCK_STEP = 0.05
T = TypeVar("T")


class LocalBackups:
    """Backups in `folder`, which nobody else may read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._blobs = Blobs(folder / "blobs")
        self._manifests = folder / "manifests"

    async def listed(self) -> Sequence[Backup]:
        """See `core.backups.BackupStore`."""
        return await _in_thread(self._list)

    async def read(self, backup_id: str) -> Manifest:
        """See `core.backups.BackupStore`."""
        return await _in_thread(lambda: manifests.read(self._read(backup_id)))

    async def gather(
        self, sources: Sequence[Given | Tree], known: Mapping[tuple[str, str], Entry], seal: Seal, progress: Progress
    ) -> Gathered:
        """See `core.backups.BackupStore`."""
        await _in_thread(self._make)
        loop = asyncio.get_running_loop()
        stopped = False

        def told(files: int, size: int) -> None:
            if stopped:  # whoever asked went away: the thread ends with its next file
                raise InterruptedError
            if files % 20 == 0:
                loop.call_soon_threadsafe(progress, files, size)

        try:
            return await _in_thread(lambda: Gatherer(self._blobs, known, seal, told).gather(sources))
        except BaseException:
            stopped = True
            raise

    async def write(self, manifest: Manifest) -> None:
        """See `core.backups.BackupStore`."""
        await _in_thread(lambda: self._write(manifest))

    async def content(self, entry: Entry, limit: int) -> bytes:
        """See `core.backups.BackupStore`."""
        if entry.size > limit:
            raise GatewayError(ErrorKind.TOO_LARGE, Text("backups.too_large", {"path": entry.path, "limit": limit}))
        return await _in_thread(lambda: self._content(entry))

    async def verify(self, manifest: Manifest, parts: Sequence[Part]) -> Sequence[Fault]:
        """See `core.backups.BackupStore`."""
        return await _in_thread(lambda: self._verify(manifest.of(parts)))

    async def extract(self, entries: Sequence[Entry], root: str, open_sealed: Seal) -> None:
        """See `core.backups.BackupStore`."""
        await _in_thread(lambda: self._extract(entries, root, open_sealed))

    async def delete(self, backup_ids: Sequence[str]) -> int:
        """See `core.backups.BackupStore`."""
        return await _in_thread(lambda: self._delete(backup_ids))

    async def pack(self, manifest: Manifest, target: str, passphrase: str | None, key: str | None) -> int:
        """See `core.backups.BackupStore`."""
        return await _in_thread(lambda: pack(manifest, self._blobs, target, passphrase, key))

    async def unpack(self, source: str, passphrase: str | None) -> tuple[Manifest, str | None]:
        """See `core.backups.BackupStore`."""
        await _in_thread(self._make)
        return await _in_thread(lambda: unpack(source, self._blobs, passphrase))

    async def held(self) -> Callable[[], None]:
        """See `core.backups.BackupStore`."""
        await _in_thread(self._make)
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            async with asyncio.timeout(_LOCK_SECONDS):
                # Only who blocks on the lock is told when it is free.
                while not _locked(descriptor):  # noqa: ASYNC110
                    await asyncio.sleep(_LOCK_STEP)
        except TimeoutError:
            os.close(descriptor)
            raise GatewayError(ErrorKind.CONFLICT, Text("backups.busy"), {"code": "busy"}) from None
        except BaseException:
            os.close(descriptor)
            raise
        return lambda: os.close(descriptor)

    def _make(self) -> None:
        # The home, too, where this is the first that is written there: `parents` are made readable by everybody.
        for folder in (self._folder.parent, self._folder, self._blobs.folder, self._manifests):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _list(self) -> list[Backup]:
        found = []
        for path in self._manifests.glob("*.jsonl") if self._manifests.is_dir() else ():
            with suppress(GatewayError, OSError), open(path, "rb") as file:
                backup = manifests.read_head(file.readline())
                if backup.id == path.stem:
                    found.append(backup)
        return sorted(found, key=lambda backup: (backup.created_at, backup.id), reverse=True)

    def _place(self, backup_id: str) -> Path:
        if not ID.match(backup_id):
            raise _not_found(backup_id)
        return self._manifests / f"{backup_id}.jsonl"

    def _read(self, backup_id: str) -> bytes:
        try:
            return self._place(backup_id).read_bytes()
        except FileNotFoundError:
            raise _not_found(backup_id) from None

    def _write(self, manifest: Manifest) -> None:
        self._make()
        self._blobs.settle()
        place = self._place(manifest.backup.id)
        fresh = place.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(manifests.written(manifest))
            file.flush()
            os.fsync(descriptor)
        os.replace(fresh, place)
        flush_folder(self._manifests)

    def _content(self, entry: Entry) -> bytes:
        try:
            return b"".join(map(self._blobs.data, entry.blobs))
        except Damaged:
            raise GatewayError(
                ErrorKind.INTERNAL, Text("backups.file_damaged", {"path": entry.path}), {"code": "damaged"}
            ) from None

    def _verify(self, entries: Sequence[Entry]) -> list[Fault]:
        faults, whole = [], set[str]()
        for entry in entries:
            for name in entry.blobs:
                if name in whole:
                    continue
                try:
                    self._blobs.data(name)
                    whole.add(name)
                except Damaged as error:
                    key = "backups.fault.missing" if error.missing else "backups.fault.damaged"
                    faults.append(Fault(f"{entry.root}/{entry.path}", Text(key)))
                    break
        return faults

    def _extract(self, entries: Sequence[Entry], root: str, open_sealed: Seal) -> None:
        top = Path(root)
        top.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Links come last: with none there, no path can lead through one.
        for entry in sorted(entries, key=lambda entry: bool(entry.link)):
            place = top / entry.path
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if entry.link:
                os.symlink(entry.link, place)
                continue
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
            descriptor = os.open(place, flags, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                try:
                    if entry.sealed:
                        file.write(open_sealed(self._content(entry)))
                    else:
                        for name in entry.blobs:
                            file.write(self._blobs.data(name))
                except Damaged:
                    raise GatewayError(
                        ErrorKind.INTERNAL, Text("backups.file_damaged", {"path": entry.path}), {"code": "damaged"}
                    ) from None
                file.flush()
                os.fchmod(descriptor, entry.mode & 0o777)
                os.fsync(descriptor)
        for at, _, _ in os.walk(top, topdown=False):
            flush_folder(Path(at))

    def _delete(self, backup_ids: Sequence[str]) -> int:
        for backup_id in backup_ids:
            self._place(backup_id).unlink(missing_ok=True)
        needed: set[str] = set()
        for path in self._manifests.glob("*.jsonl") if self._manifests.is_dir() else ():
            try:
                found = manifests.read(path.read_bytes())
            except GatewayError:
                return 0  # what a damaged one needs is not known: nothing is thrown away until it is gone
            for entry in found.entries:
                needed.update(entry.blobs)
        return self._blobs.remove_all_but(needed)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _not_found(backup_id: str) -> GatewayError:
    return GatewayError(
        ErrorKind.NOT_FOUND, Text("backups.not_found", {"id": backup_id[:64]}), {"code": "backup_not_found"}
    )


@contextmanager
def _told():  # type: ignore[no-untyped-def]
    try:
        yield
    except OSError as error:
        raise GatewayError(
            ErrorKind.UNAVAILABLE, Text("backups.disk", {"reason": error.strerror or str(error)}), {"code": "disk"}
        ) from error


async def _in_thread(work: Callable[[], T]) -> T:
    with _told():
        return await asyncio.to_thread(work)
