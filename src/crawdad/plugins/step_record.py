"""Which plugin's code runs at the moment, written where it outlives the process: of one that dies it can be told afterwards in
whose code it did.

Each process has a file of its own, mapped into memory and locked for as long as it lives. Writing a name there costs less than
a microsecond, and needs nothing of a process that is about to die."""

from __future__ import annotations

import contextlib
import fcntl
import json
import mmap
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_SLOT = 256
_DIED = "died.jsonl"
_MOST_BYTES = 256 * 1024


class StepRecord:
    """The file of this process. Without `open`, or where the disk says no, it records nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path: Path | None = None
        self._descriptor = -1
        self._map: mmap.mmap | None = None
        self._loading: list[str] = []

    def open(self) -> None:
        """Begin to record."""
        path = self._folder / f"{os.getpid()}-{secrets.token_hex(4)}.step"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.write(
                self._descriptor, bytes(2 * _SLOT)
            )  # room that is taken now: a mapping must not run into a full disk
            self._map = mmap.mmap(self._descriptor, 2 * _SLOT)
        except OSError:
            self.close()
            return
        self._path = path

    def close(self) -> None:
        """Nothing of a plugin's runs any more."""
        if self._map is not None:
            self._map.close()
            self._map = None
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            self._path = None
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def enter(self, plugin: str) -> None:
        """Its code runs from here on."""
        if self._map is not None:
            self._map[:_SLOT] = _filled(plugin)

    def leave(self) -> None:
        """Its code runs no more."""
        if self._map is not None:
            self._map[:1] = b"\0"

    @contextlib.contextmanager
    def loading(self, plugin: str) -> Iterator[None]:
        """It is loaded meanwhile, maybe beside others."""
        self._loading.append(plugin)
        self._write_loading()
        try:
            yield
        finally:
            self._loading.remove(plugin)
            self._write_loading()

    def _write_loading(self) -> None:
        if self._map is not None:
            self._map[_SLOT:] = _filled(",".join(self._loading))


def died_in_steps(folder: Path, now: float, since: float) -> list[tuple[float, str]]:
    """At which times (Unix seconds, from `since` on) processes died in code of which plugins; more than one where it cannot be
    told which. What dead processes have left is taken up first."""
    with contextlib.suppress(OSError), _alone(folder):
        known = _read(folder / _DIED)
        names = {death.file for death in known}
        left = {path: _left(path) for path in sorted(folder.glob("*.step"))}
        fresh = [
            _Death(now, plugin, path.name)
            for path, plugins in left.items()
            if path.name not in names
            for plugin in plugins or ()
        ]
        if fresh:
            _write(folder, [death for death in known if death.at >= since] + fresh)
        for path, plugins in left.items():  # only now: whoever is killed in between has lost nothing
            if plugins is not None:
                path.unlink(missing_ok=True)
    return [(death.at, death.plugin) for death in _read(folder / _DIED) if death.at >= since]


class _Death(NamedTuple):
    """`file` is the one that the dead process left."""

    at: float
    plugin: str
    file: str = ""


def _left(path: Path) -> list[str] | None:
    """The plugins in a file whose process is dead; None where it lives."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        data = os.read(descriptor, 2 * _SLOT)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    step, loading = _name(data[:_SLOT]), _name(data[_SLOT:])
    return [step] if step else [name for name in loading.split(",") if name]


def _read(path: Path) -> list[_Death]:
    found = []
    with contextlib.suppress(OSError):
        for line in path.read_bytes().splitlines():
            with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
                told = json.loads(line)
                found.append(_Death(float(told["at"]), str(told["plugin"]), str(told.get("file", ""))))
    return found


def _write(folder: Path, deaths: list[_Death]) -> None:
    lines = b"".join(json.dumps(death._asdict()).encode() + b"\n" for death in deaths)
    place = folder / f"{_DIED}.new"
    with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(lines[-_MOST_BYTES:])
    place.replace(folder / _DIED)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """The look before a start and two applications may look at the same time. Raises OSError, where there is no folder too."""
    descriptor = os.open(folder / "died.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _filled(name: str) -> bytes:
    return name.encode()[: _SLOT - 1].ljust(_SLOT, b"\0")


def _name(data: bytes) -> str:
    return data.partition(b"\0")[0].decode("utf-8", "replace")
