"""Checks of what lies in the home directory: who may read it, what is missing, what a killed process left behind."""

from __future__ import annotations

import shutil
import stat
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from crawdad.adapters.own_disk import staged_leftovers
from crawdad.app.doctor.finding import Finding, Patient, Repair, good, warn
from crawdad.app.record import holder
from crawdad.app.words import words

_SECRET = ("secret.key", ".env", "openclaw.json*", "crawdad.db*", "identity/*", "spool/*")
_OLD_SECONDS = 3600.0
_SHOWN = 5


async def secrets(patient: Patient) -> list[Finding]:
    """Nobody else reads the files that hold secrets, wherever the configuration lies."""
    home = patient.launch.home
    found = [path for pattern in _SECRET for path in home.glob(pattern)] if home.is_dir() else []
    found += [patient.launch.config_path] if patient.launch.config_path.is_file() else []
    exposed = sorted({path for path in found if path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077})
    if not exposed:
        return [good("secrets", "secrets_ok")] if found else []

    async def act() -> list[str]:
        for path in exposed:
            path.chmod(0o600)
        return [words("doctor.did.chmod", mode="600", path=path) for path in exposed]

    names = _named(exposed)
    repair = Repair(words("doctor.do.chmod", mode="600", path=names), act)
    return [warn("secrets", "secrets_open", names=names)._replace(repair=repair)]


async def folders(patient: Patient) -> list[Finding]:
    """An installation that has been used has its folders."""
    missing = [patient.launch.logs] if patient.launch.config_path.exists() and not patient.launch.logs.exists() else []
    if not missing or not patient.launch.home.is_dir():
        return []

    async def act() -> list[str]:
        for folder in missing:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return [words("doctor.did.mkdir", path=folder) for folder in missing]

    names = _named(missing)
    repair = Repair(words("doctor.do.mkdir", path=names), act)
    return [warn("folders", "folders_missing", names=names)._replace(repair=repair)]


async def leftovers(patient: Patient) -> list[Finding]:
    """Half-written files and the state of a supervisor that was killed. Locks need no look: they go with their process."""
    found = sorted({*_left(patient.launch.home), *staged_leftovers(patient.launch.home)})
    if not found:
        return []

    async def act() -> list[str]:
        if holder(patient.launch.home) is not None:
            return [words("doctor.did.running")]
        for path in found:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        return [words("doctor.did.removed", path=path) for path in found]

    names = _named(found)
    repair = Repair(words("doctor.do.remove", path=names), act, tuple(found))
    return [warn("leftovers", "leftovers_found", names=names)._replace(repair=repair)]


def _left(home: Path) -> Iterator[Path]:
    if not home.is_dir() or holder(home) is not None:
        return
    before = time.time() - _OLD_SECONDS
    yield from (path for path in home.glob("*.new") if path.is_file() and path.stat().st_mtime < before)
    state = home / "supervisor.json"
    if state.is_file() and '"stopping"' not in state.read_text(encoding="utf-8", errors="replace"):
        yield state


def _named(paths: Iterable[Path]) -> str:
    shown = [str(path) for path in paths]
    return ", ".join(shown[:_SHOWN]) + (f" … ({len(shown)})" if len(shown) > _SHOWN else "")
