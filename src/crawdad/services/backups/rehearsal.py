"""A rehearsal of a restore: what was chosen, what was tried, and what lies ready."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field

from crawdad.core.backups import PARTS, Backup, Manifest, Part
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.settings import Settings
from crawdad.core.switches import Performed, SwitchMove
from crawdad.core.tasks import Words
from crawdad.core.text import Text


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a rehearsal: its name, and what is wrong (None: nothing)."""

    name: str
    problem: Words | None = None


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What was tried before anything is replaced. `replaces`: what will be, in full paths."""

    backup: Backup
    parts: tuple[Part, ...]
    steps: tuple[Step, ...]
    replaces: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether it may be done."""
        return all(step.problem is None for step in self.steps)


@dataclass(frozen=True, slots=True)
class Restored:
    """What became of it. `safety` is the backup of what was there before, `switch` the id of what puts it in place (empty: it
    is there already)."""

    rehearsal: Rehearsal
    safety: Backup | None
    performed: Performed
    switch: str = ""


@dataclass(slots=True)
class Staged:
    """What lies ready, and what it takes the place of."""

    moves: list[SwitchMove] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    """Where they lie: they go in the end."""
    settings: Settings | None = None
    """Those of the configuration that is put back."""
    main_only: bool = False
    """Of the configuration its main file alone is put back."""
    server: str = ""
    """The file whose rows take the place of those in the database of a server."""

    @property
    def places(self) -> tuple[str, ...]:
        """What gives way."""
        server = ("PostgreSQL",) if self.server else ()
        return (*server, *(move.target for move in self.moves if move.staged))


def chosen_parts(manifest: Manifest, parts: Sequence[Part]) -> tuple[Part, ...]:
    """Of what is wanted, what the backup has. A database holds its cron jobs itself. Raises BAD_REQUEST where it is nothing."""
    has = set(manifest.backup.parts)
    found = tuple(part for part in PARTS if part in parts and part in has)
    if "database" in found:
        found = tuple(part for part in found if part != "cron")
    if not found:
        text = Text("backups.no_part", {"part": ", ".join(parts)})
        raise GatewayError(ErrorKind.BAD_REQUEST, text, {"code": "nothing_to_restore"})
    return found


def needs_stop(parts: Sequence[Part], staged: Staged, config_path: str) -> bool:
    """Whether an application must not run meanwhile. The main file of the configuration is replaced whole by itself, and the
    rows of a server are; whoever remembers the old ones begins anew when it hears of that."""
    at_once = {"config", "cron", "database"} if staged.server else {"config", "cron"}
    return bool(set(parts) - at_once) or any(move.target != os.path.realpath(config_path) for move in staged.moves)


def throw_away(staged: Staged) -> None:
    """Remove what lies ready."""
    for folder in staged.folders:
        shutil.rmtree(folder, ignore_errors=True)


def refusal_of(rehearsal: Rehearsal) -> GatewayError:
    """Why it may not be done, where it did not pass."""
    step = next(step for step in rehearsal.steps if step.problem is not None)
    text = Text("backups.refused", {"step": Text(f"backups.step.{step.name}"), "problem": step.problem})
    return GatewayError(ErrorKind.CONFLICT, text, {"code": "rehearsal_failed", "step": step.name})
