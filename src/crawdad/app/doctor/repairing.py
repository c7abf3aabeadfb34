"""What `crawdad doctor --fix` does: a copy of what is about to change, then one repair after another, each told."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from crawdad.app.doctor.finding import Finding
from crawdad.app.words import LANGUAGE
from crawdad.core.errors import GatewayError


class Done(NamedTuple):
    """What became of one repair."""

    id: str
    done: list[str]
    error: str = ""
    copies: tuple[Path, ...] = ()

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {**self._asdict(), "copies": [str(path) for path in self.copies]}


async def repaired(findings: Sequence[Finding], home: Path, wanted: Callable[[Finding], bool]) -> list[Done]:
    """Do the repairs that are wanted. One that fails does not keep the others from being tried."""
    folder = _fresh(home / "doctor" / time.strftime("%Y%m%d-%H%M%S"))
    results = []
    for finding in findings:
        repair = finding.repair
        if repair is None or not wanted(finding):
            continue
        copies: tuple[Path, ...] = ()
        try:
            copies = await asyncio.to_thread(_copied, repair.files, folder)
            results.append(Done(finding.id, await repair.act(), copies=copies))
        except GatewayError as error:
            results.append(Done(finding.id, [], error.message(LANGUAGE), copies))
        except (OSError, sqlite3.Error) as error:
            results.append(Done(finding.id, [], str(error), copies))
    return results


def _fresh(folder: Path) -> Path:
    """A folder that is not there yet."""
    number, found = 1, folder
    while found.exists():
        number += 1
        found = folder.with_name(f"{folder.name}-{number}")
    return found


def _copied(files: Sequence[Path], folder: Path) -> tuple[Path, ...]:
    """Copies of the files, readable by their owner alone; a database whole, even while it is in use."""
    copies = []
    for file in files:
        if not file.is_file():
            continue
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        copy = folder / file.name
        if copy.exists():  # by the repair before this one: it is the file as it was
            copies.append(copy)
            continue
        copy.touch(mode=0o600)
        if file.suffix in (".db", ".sqlite", ".sqlite3"):
            with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
                source.backup(target)
        else:
            shutil.copyfile(file, copy)
        copies.append(copy)
    return tuple(copies)
