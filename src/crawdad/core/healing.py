"""What the gateway does about itself: what was wrong, what was done about it, and whether that helped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from crawdad.core.parts import JsonObject
from crawdad.core.tasks import LogLine, Words, rendered, words_in, words_out

Cause = Literal[
    "configuration",
    "database",
    "database_away",
    "plugin",
    "port",
    "disk",
    "memory",
    "files",
    "event_loop",
    "front_door",
    "inside",
    "channels",
    "upstreams",
    "accounts",
    "network",
    "cron",
    "crash",
    "hang",
]
Remedy = Literal[
    "tell",
    "reconnect",
    "reset_upstreams",
    "enter",
    "set_down_plugin",
    "shed_load",
    "free_disk",
    "recycle",
    "replace",
    "restore_configuration",
    "salvage_database",
    "restore_database",
    "safe_mode",
]
"""From the mildest on. `tell`: there is nothing that a program may do; a person is told. `recycle`: the inside is left and
entered anew, in the process. `replace`: the process is replaced while the sockets stay open."""
Place = Literal["application", "start", "supervisor"]
"""Who acted: the running application, the look before a start, the supervisor."""
HealStatus = Literal["running", "healed", "failed", "told"]
"""`running`: done, and not yet known whether it helped. `failed`: it did not help."""
RETENTION_SECONDS = 7 * 86_400.0


@dataclass(frozen=True, slots=True)
class HealEvent:
    """One thing that was wrong, and what was done about it. Times are Unix seconds.

    `subject`: which plugin, port or part it is about. `confidence`: how sure the cause is, 0 to 1. `seen`: what speaks for it.
    `steps`: what happened, in order. `difference`: of a configuration that was put away, without its secrets. `report`: the
    name of the file that tells all of it. `verify_tries` looks were had afterwards, over `verify_ms`; `error`: what did not
    work."""

    id: str
    at: float
    cause: Cause
    remedy: Remedy
    place: Place = "application"
    status: HealStatus = "running"
    subject: str = ""
    confidence: float = 1.0
    seen: tuple[Words, ...] = ()
    steps: tuple[LogLine, ...] = ()
    difference: str = ""
    report: str = ""
    verify_tries: int = 0
    verify_ms: int | None = None
    error: Words | None = None
    ended_at: float | None = None


def plain_event(event: HealEvent) -> JsonObject:
    """An event as plain JSON, to be read by `event_of`."""
    return {
        "id": event.id,
        "at": event.at,
        "cause": event.cause,
        "remedy": event.remedy,
        "place": event.place,
        "status": event.status,
        "subject": event.subject,
        "confidence": event.confidence,
        "seen": [words_out(each) for each in event.seen],
        "steps": [[step.at, words_out(step.text)] for step in event.steps],
        "difference": event.difference,
        "report": event.report,
        "verifyTries": event.verify_tries,
        "verifyMs": event.verify_ms,
        "error": words_out(event.error),
        "endedAt": event.ended_at,
    }


def event_of(plain: Mapping[str, Any]) -> HealEvent:
    """What `plain_event` made. Raises KeyError, TypeError, ValueError for anything else."""
    return HealEvent(
        id=str(plain["id"]),
        at=float(plain["at"]),
        cause=plain["cause"],
        remedy=plain["remedy"],
        place=plain["place"],
        status=plain["status"],
        subject=str(plain["subject"]),
        confidence=float(plain["confidence"]),
        seen=tuple(words_in(each) for each in plain["seen"]),
        steps=tuple(LogLine(float(at), words_in(text)) for at, text in plain["steps"]),
        difference=str(plain["difference"]),
        report=str(plain["report"]),
        verify_tries=int(plain["verifyTries"]),
        verify_ms=None if plain["verifyMs"] is None else int(plain["verifyMs"]),
        error=None if plain["error"] is None else words_in(plain["error"]),
        ended_at=None if plain["endedAt"] is None else float(plain["endedAt"]),
    )


def event_fields(event: HealEvent, language: str) -> JsonObject:
    """An event for clients, its words in a language."""
    told = plain_event(event)
    told["seen"] = [rendered(each, language) for each in event.seen]
    told["steps"] = [{"at": step.at, "text": rendered(step.text, language)} for step in event.steps]
    told["error"] = rendered(event.error, language)
    return told


@dataclass(frozen=True, slots=True)
class HealReport:
    """A report that lies there: `size` in bytes, `at` in Unix seconds."""

    name: str
    size: int
    at: float


class HealFolder(Protocol):
    """Reports, and the journal of those who act while there is no database. A disk that says no raises UNAVAILABLE."""

    async def write_report(self, name: str, text: str) -> None:
        """Keep a report; the oldest go where there are too many."""

    async def reports(self) -> Sequence[HealReport]:
        """All, the newest first."""

    async def read_report(self, name: str) -> str:
        """What one says. Raises NOT_FOUND for what is not listed."""

    async def note(self, event: HealEvent) -> None:
        """Append to the journal."""

    async def noted(self) -> Sequence[HealEvent]:
        """The journal, the oldest first; an event that stands there twice counts as it stood last."""

    async def forget(self, before: float) -> None:
        """Drop what the journal has from before then."""
