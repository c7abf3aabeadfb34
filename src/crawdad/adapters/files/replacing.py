"""Replaces a text file whole or not at all, and keeps its numbered backups.

The new text is written beside the file, flushed to the disk, and renamed over it; a kill at any point leaves the old
text or the new one. Writers of one folder take turns (a lock on the folder itself, so no lock file is left behind).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from crawdad.adapters.files.reading import failure, hash_of
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.files import MISSING
from crawdad.core.text import Text

BACKUPS = 5
_LOCK_SECONDS = 5.0
_LOCK_STEP_SECONDS = 0.01
_MODE = 0o600


def backup_paths(path: str) -> list[str]:
    """The places of the numbered backups, the newest first: `.bak`, `.bak.1` … `.bak.4`."""
    return [f"{path}.bak" if number == 0 else f"{path}.bak.{number}" for number in range(BACKUPS)]


def replace_text(path: str, text: str, base_hash: str, backup: str | None) -> str:
    """See `crawdad.core.files.TextFiles.replace`. A link stays a link: what it points to is replaced."""
    target = os.path.realpath(path)
    try:
        os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)
        with _turn(os.path.dirname(target), path):
            if (hash_of(target) or MISSING) != base_hash:
                raise GatewayError(ErrorKind.CONFLICT, Text("files.changed", {"path": path}))
            if backup is not None:
                _keep_backup(path, backup)
            return _swap(target, text)
    except OSError as error:
        raise failure(path, error) from None


@contextmanager
def _turn(folder: str, path: str) -> Iterator[None]:
    """Hold the folder's lock, waiting for a while."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        deadline = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise GatewayError(ErrorKind.UNAVAILABLE, Text("files.busy", {"path": path})) from None
                time.sleep(_LOCK_STEP_SECONDS)
            except OSError:
                break  # some network file systems have no locks; then comparing hashes must do
        yield
    finally:
        os.close(descriptor)


def _keep_backup(path: str, text: str) -> None:
    """Move every backup one place on (the oldest falls off) and write `text` as the newest."""
    places = backup_paths(path)
    for older, newer in zip(places[:0:-1], places[-2::-1], strict=True):
        with suppress(FileNotFoundError):
            os.replace(newer, older)
    _swap(places[0], text)


def _swap(target: str, text: str) -> str:
    """Write `text` beside `target` and rename it over it. Returns its hash."""
    folder, name = os.path.split(target)
    prefix, suffix = f".{name}.", ".tmp"
    for left_over in os.listdir(folder):  # of a writer that was killed: we hold the lock, so nobody is writing it now
        if left_over.startswith(prefix) and left_over.endswith(suffix):
            os.unlink(os.path.join(folder, left_over))
    raw = text.encode()
    temporary = os.path.join(folder, f"{prefix}{os.urandom(6).hex()}{suffix}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, _MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _keep_owner(descriptor, target)
            os.fchmod(descriptor, _MODE)
            file.write(raw)
            file.flush()
            os.fsync(descriptor)
        os.replace(temporary, target)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    _flush_folder(folder)
    return hashlib.sha256(raw).hexdigest()


def _keep_owner(descriptor: int, target: str) -> None:
    """Give the new file the owner and group of the old one, as far as we may."""
    with suppress(FileNotFoundError, PermissionError):
        old = os.stat(target)
        new = os.fstat(descriptor)
        if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
            os.fchown(descriptor, old.st_uid, old.st_gid)


def _flush_folder(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
