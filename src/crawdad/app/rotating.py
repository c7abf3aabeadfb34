"""A log file that its owner alone may read, and that is moved aside when it has grown: `<file>.1` as it is, older ones
compressed.
"""

from __future__ import annotations

import gzip
import logging.handlers
import os
import shutil
import threading
import time
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path

from crawdad.core.settings import RotationSettings

_DAY = 86_400.0
_CHUNK = 1 << 20


class RotatingFile(logging.handlers.RotatingFileHandler):
    """Of the settings' size, number and age. The newest of the old ones stays as it is, for those who are still reading it;
    the others are compressed beside whoever writes."""

    def __init__(self, path: str, settings: RotationSettings) -> None:
        self._settings = settings
        self._compressing: threading.Thread | None = None
        Path(path).absolute().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        super().__init__(
            path, maxBytes=int(settings.megabytes * 1024 * 1024), backupCount=settings.files, encoding="utf-8"
        )
        self._forget_old()

    def shouldRollover(self, record: logging.LogRecord) -> bool:
        """Whether it has grown. Another process that writes into it (one that finishes up, or the next one) may have moved it
        aside: then that is the old one, and would be compressed while we still write into it."""
        if self.stream is not None and not self._is_current(self.stream):
            self.stream.close()
            self.stream = self._open()
        return bool(super().shouldRollover(record))

    def _is_current(self, stream: TextIOWrapper) -> bool:
        try:
            there, ours = os.stat(self.baseFilename), os.fstat(stream.fileno())
        except OSError:
            return False
        return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)

    def doRollover(self) -> None:
        """Move the file aside and begin a new one."""
        if self.stream is not None:
            self.stream.close()
            self.stream = None
        self._wait()
        for number in range(self.backupCount, 0, -1):
            for ending in ("", ".gz"):
                older = f"{self.baseFilename}.{number}{ending}"
                with suppress(FileNotFoundError):
                    if number == self.backupCount:
                        os.unlink(older)
                    else:
                        os.replace(older, f"{self.baseFilename}.{number + 1}{ending}")
        with suppress(FileNotFoundError):
            os.replace(self.baseFilename, f"{self.baseFilename}.1")
        self._forget_old()
        if self._settings.compress and self.backupCount > 1:
            work = threading.Thread(
                target=_compress, args=(f"{self.baseFilename}.2",), name="log compression", daemon=True
            )
            self._compressing = work
            work.start()
        self.stream = self._open()

    def close(self) -> None:
        """Close the file, and wait for what is being compressed."""
        super().close()
        self._wait()

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace")

    def _wait(self) -> None:
        work, self._compressing = self._compressing, None
        if work is not None:
            work.join()

    def _forget_old(self) -> None:
        """Remove old ones that are past their age, or beyond their number (which may have been lowered)."""
        path, before = Path(self.baseFilename), time.time() - self._settings.days * _DAY
        for each in path.parent.glob(f"{_literal(path.name)}.*"):
            number = each.name.removeprefix(f"{path.name}.").removesuffix(".gz")
            if not number.isdecimal():
                continue
            with suppress(OSError):
                if int(number) > self.backupCount or each.stat().st_mtime < before:
                    each.unlink()


def _compress(path: str) -> None:
    """Put `path.gz` in the place of `path`, where there is such a file. What goes wrong leaves it as it is."""
    fresh = f"{path}.gz.new"
    with suppress(OSError), open(path, "rb") as source:
        status = os.fstat(source.fileno())
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            with (
                os.fdopen(descriptor, "wb") as target,
                gzip.GzipFile("", "wb", 6, target, int(status.st_mtime)) as packed,
            ):
                shutil.copyfileobj(source, packed, _CHUNK)
            os.utime(fresh, (status.st_atime, status.st_mtime))  # its age is that of what it holds
            os.replace(fresh, f"{path}.gz")
            os.unlink(path)
        except OSError:
            with suppress(OSError):
                os.unlink(fresh)


def _literal(name: str) -> str:
    """A file's name as a pattern that means itself."""
    return "".join(f"[{character}]" if character in "*?[" else character for character in name)
