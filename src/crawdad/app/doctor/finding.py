"""What a check finds, and what it may look at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from crawdad.app.launch import Launch
from crawdad.app.words import words

if TYPE_CHECKING:
    from crawdad.core.settings import Settings


class Verdict(StrEnum):
    """`WARN` works but deserves a look; `FAIL` does not work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Repair(NamedTuple):
    """What `--fix` may do about a finding. `files` are copied before; `act` does it, and says in words what it has done."""

    words: str
    act: Callable[[], Awaitable[list[str]]]
    files: tuple[Path, ...] = ()
    """Files and SQLite databases that it changes or removes."""


class Finding(NamedTuple):
    """One line of the report. `check` is what was looked at (its label: `doctor.<check>`), `id` what was found; `advice` is
    what to do."""

    check: str
    verdict: Verdict
    message: str
    advice: str = ""
    id: str = ""
    repair: Repair | None = None

    def document(self) -> dict[str, Any]:
        """The finding for programs."""
        shown = {"id": self.id or self.check, "check": self.check, "verdict": self.verdict}
        return {**shown, "message": self.message, "advice": self.advice, "fixable": self.repair is not None}


@dataclass
class Patient:
    """What is examined. Checks run in order: `settings` are there once the configuration has been read, the clock
    offsets (seconds that this machine is ahead, by provider) once the providers have been asked.
    """

    launch: Launch
    offline: bool = False
    settings: Settings | None = None
    clock_offsets: dict[str, float] = field(default_factory=dict)
    database_waits: bool = False
    """The database is not to be opened: opening would change it, or it is known to be damaged."""


Check = Callable[[Patient], Awaitable[list[Finding]]]


def good(check: str, key: str, **values: object) -> Finding:
    """All is well, in the words `doctor.<key>`."""
    return Finding(check, Verdict.OK, words(f"doctor.{key}", **values), id=key)


def warn(check: str, key: str, **values: object) -> Finding:
    """Something to look at, in the words `doctor.<key>` and `doctor.<key>.fix`."""
    return Finding(check, Verdict.WARN, words(f"doctor.{key}", **values), words(f"doctor.{key}.fix", **values), key)


def fail(check: str, key: str, **values: object) -> Finding:
    """Something that does not work, in the words `doctor.<key>` and `doctor.<key>.fix`."""
    return warn(check, key, **values)._replace(verdict=Verdict.FAIL)
