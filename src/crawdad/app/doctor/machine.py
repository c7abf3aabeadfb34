"""Checks of the machine: interpreter, directories, disk, file descriptors."""

from __future__ import annotations

import os
import platform
import resource
import shutil
import stat
import sys
from pathlib import Path

from crawdad.app.doctor.finding import Finding, Patient, Repair, fail, good, warn
from crawdad.app.words import words

_OLDEST_PYTHON = (3, 11)
_NEEDED_BYTES = 100 * 1024**2
_COMFORTABLE_BYTES = 1024**3
_FEW_FILES = 4096


async def python(_patient: Patient) -> list[Finding]:
    """The interpreter is one that we support."""
    version = platform.python_version()
    if sys.version_info < _OLDEST_PYTHON:
        return [fail("python", "python_old", version=version, needed=".".join(map(str, _OLDEST_PYTHON)))]
    return [good("python", "python_ok", version=version)]


async def home(patient: Patient) -> list[Finding]:
    """The home directory can be written, and nobody else can look into it."""
    directory = patient.launch.home
    if not directory.exists():
        if os.access(_nearest(directory), os.W_OK):
            return [good("home", "home_new", path=directory)]
        return [fail("home", "home_unwritable", path=directory)]
    if not directory.is_dir() or not os.access(directory, os.W_OK | os.X_OK):
        return [fail("home", "home_unwritable", path=directory)]
    if stat.S_IMODE(directory.stat().st_mode) & 0o077:
        return [warn("home", "home_open", path=directory)._replace(repair=_closing(directory))]
    return [good("home", "home_ok", path=directory)]


async def logs(patient: Patient) -> list[Finding]:
    """The log directory can be written."""
    directory = patient.launch.logs
    if not os.access(_nearest(directory), os.W_OK):
        return [fail("logs", "logs_unwritable", path=directory)]
    return [good("logs", "logs_ok", path=directory)]


async def disk(patient: Patient) -> list[Finding]:
    """There is room for the database and the logs."""
    free = shutil.disk_usage(_nearest(patient.launch.home)).free
    size = f"{free / 1024**3:.1f} GiB" if free >= _COMFORTABLE_BYTES else f"{free / 1024**2:.0f} MiB"
    if free < _NEEDED_BYTES:
        return [fail("disk", "disk_full", free=size)]
    if free < _COMFORTABLE_BYTES:
        return [warn("disk", "disk_low", free=size)]
    return [good("disk", "disk_ok", free=size)]


async def files(_patient: Patient) -> list[Finding]:
    """The server may open enough connections; it raises its own limit as far as the system lets it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < _FEW_FILES:
        return [warn("files", "files_few", limit=hard, wanted=_FEW_FILES)]
    return [good("files", "files_ok", limit="∞" if hard == resource.RLIM_INFINITY else hard)]


def _closing(directory: Path) -> Repair:
    async def act() -> list[str]:
        os.chmod(directory, 0o700)
        return [words("doctor.did.chmod", mode="700", path=directory)]

    return Repair(words("doctor.do.chmod", mode="700", path=directory), act)


def _nearest(path: Path) -> Path:
    """`path`, or the closest directory above it that exists."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path
