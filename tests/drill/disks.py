"""A small disk of its own for a home directory: an image with ext4, mounted by loop, that can be filled, frozen and broken."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.drill.scenario import NotPossible
from tests.support.waiting import PATIENCE, eventually

_MEGABYTE = 1024 * 1024
_FREEZE, _THAW, _SHUT_DOWN = 0xC0045877, 0xC0045878, 0x8004587D  # FIFREEZE, FITHAW, EXT4_IOC_SHUTDOWN
_WITHOUT_LOG = 2
_BALLAST = "ballast"


@contextmanager
def disk(place: Path, megabytes: int = 1500) -> Iterator[Path]:
    """A disk mounted at `place`. Raises NotPossible where this machine or user may mount none."""
    if os.geteuid() != 0:
        raise NotPossible("only root may mount a disk", permitted=False)
    image = place.with_name(f"{place.name}.image")
    with image.open("wb") as file:
        file.truncate(megabytes * _MEGABYTE)
    _run("mkfs.ext4", "-q", "-F", "-m", "0", str(image))
    place.mkdir()
    mount(place)
    try:
        yield place
    finally:
        with suppress(OSError, NotPossible):
            thaw(place)
        with suppress(NotPossible):
            _run("umount", "--lazy", str(place))


def mount(place: Path) -> None:
    """Mount the disk that belongs at `place` (again)."""
    _run("mount", "-o", "loop", str(place.with_name(f"{place.name}.image")), str(place))


def unmount(place: Path) -> None:
    """Nobody uses it any more, or will in a moment."""

    def done() -> bool:
        try:
            _run("umount", str(place))
        except NotPossible:
            return False
        return True

    eventually(done, "the disk to be let go")


def fill(place: Path) -> None:
    """Take every byte that is free, and what becomes free for small files."""
    with (place / _BALLAST).open("ab", 0) as file:
        taken = 0
        for size in (64 * _MEGABYTE, _MEGABYTE, 4096):
            with suppress(OSError):
                while True:
                    os.posix_fallocate(file.fileno(), taken, size)
                    taken += size
    assert _is_full(place)


def empty(place: Path) -> None:
    """Give back what `fill` took."""
    (place / _BALLAST).unlink()


def make_read_only(place: Path) -> None:
    """What a kernel does that met a fault of the disk: nothing can be written any more, open files or not."""
    _run("mount", "-o", "remount,abort", str(place))


def freeze(place: Path) -> None:
    """Whoever writes waits."""
    _control(place, _FREEZE, b"")


def thaw(place: Path) -> None:
    """Those that wait go on."""
    _control(place, _THAW, b"")


def cut_power(place: Path) -> None:
    """From now on every access fails; what was not yet on the disk never gets there."""
    _control(place, _SHUT_DOWN, struct.pack("I", _WITHOUT_LOG))


def _control(place: Path, request: int, argument: bytes) -> None:
    descriptor = os.open(place, os.O_RDONLY)
    try:
        fcntl.ioctl(descriptor, request, argument)
    finally:
        os.close(descriptor)


def _is_full(place: Path) -> bool:
    try:
        with (place / "probe").open("wb") as file:
            file.write(b"x" * 4096)
    except OSError as error:
        return error.errno == errno.ENOSPC
    finally:
        (place / "probe").unlink(missing_ok=True)
    return False


def _run(*command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE)
    except FileNotFoundError as error:
        raise NotPossible(f"{command[0]} is not there") from error
    except subprocess.CalledProcessError as error:
        raise NotPossible(f"{' '.join(command[:1])}: {error.stderr.strip()}") from error
