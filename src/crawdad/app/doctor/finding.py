"""What a check finds, and what it may look at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from crawdad.app.launch import Launch
from crawdad.app.words import words

if TYPE_CHECKING:
    from crawdad.core.settings import Settings


class Verdict(StrEnum):
    """`WARN` works but deserves a look; `FAIL` does not work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Finding(NamedTuple):
    """One line of the report. `check` is what was looked at (its label: `doctor.<check>`); `advice` is what to do."""

    check: str
    verdict: Verdict
    message: str
    advice: str = ""


@dataclass
class Patient:
    """What is examined. Checks run in order: `settings` are there once the configuration has been read, the clock
    offsets (seconds that this machine is ahead, by provider) once the providers have been asked.
    """

    launch: Launch
    offline: bool = False
    settings: Settings | None = None
    clock_offsets: dict[str, float] = field(default_factory=dict)


Check = Callable[[Patient], Awaitable[list[Finding]]]


def good(check: str, key: str, **values: object) -> Finding:
    """All is well, in the words `doctor.<key>`."""
    return Finding(check, Verdict.OK, words(f"doctor.{key}", **values))


def warn(check: str, key: str, **values: object) -> Finding:
    """Something to look at, in the words `doctor.<key>` and `doctor.<key>.fix`."""
    return Finding(check, Verdict.WARN, words(f"doctor.{key}", **values), words(f"doctor.{key}.fix", **values))


def fail(check: str, key: str, **values: object) -> Finding:
    """Something that does not work, in the words `doctor.<key>` and `doctor.<key>.fix`."""
    return warn(check, key, **values)._replace(verdict=Verdict.FAIL)
