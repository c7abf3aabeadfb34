"""From what is seen of a running gateway to what is wrong with it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from crawdad.core.healing import Cause
from crawdad.core.health import HealthLevel
from crawdad.core.machine import MemoryUse
from crawdad.core.tasks import Words
from crawdad.core.text import Text

DAMAGED = "store.damaged"


@dataclass(frozen=True, slots=True)
class SeenPart:
    """A part that is not well, the level that holds, since when (Unix seconds), and what its last look found."""

    level: HealthLevel
    since: float
    words: Words | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is seen at a moment. `reconnectable`: accounts of channels that another attempt may help. `damage`: what the
    database answered last where it says that it is damaged."""

    now: float
    parts: Mapping[str, SeenPart] = field(default_factory=dict)
    memory: MemoryUse | None = None
    shed_percent: float = 75.0
    reconnectable: Sequence[str] = ()
    damage: Words | None = None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A cause, how sure it is, and what speaks for it. `part`: what must be well again for it to count as healed. `accounts`:
    those of channels that are to be connected then."""

    cause: Cause
    confidence: float
    seen: tuple[Words, ...]
    part: str
    subject: str = ""
    since: float = 0.0
    accounts: Sequence[str] = ()


def diagnose(evidence: Evidence) -> list[Diagnosis]:
    """What is wrong, the gravest first. A cause that explains others takes their place."""
    found: list[Diagnosis] = []
    parts = dict(evidence.parts)
    if evidence.memory is not None and evidence.memory.percent >= evidence.shed_percent:
        found.append(memory_diagnosis(evidence.memory, evidence.now))
    database = parts.pop("database", None)
    if evidence.damage is not None:
        found.append(Diagnosis("database", 0.95, (evidence.damage,), "database", since=evidence.now))
    elif database is not None and database.level == "down":
        found.append(Diagnosis("database_away", 0.9, _seen(database), "database", since=database.since))
    if found and found[-1].part == "database":
        parts.pop(
            "front_door", None
        )  # without its database the gateway says that it is not ready: that is no second fault
        parts.pop("cron", None)
    if _is_network(parts):
        seen = (*_seen(parts.pop("upstreams")), *_seen(parts.pop("channels")))
        since = max(evidence.parts["upstreams"].since, evidence.parts["channels"].since)
        found.append(Diagnosis("network", 0.8, seen, "upstreams", since=since))
    for name, part in parts.items():
        cause = _cause_of(name, part)
        if cause is None:
            continue
        if cause == "channels" and not evidence.reconnectable:
            continue  # somebody has to sign in: the channel says so itself
        confidence = 0.9 if part.level == "down" else 0.7
        accounts = tuple(evidence.reconnectable) if cause == "channels" else ()
        found.append(Diagnosis(cause, confidence, _seen(part), name, since=part.since, accounts=accounts))
    return found


def memory_diagnosis(memory: MemoryUse, now: float) -> Diagnosis:
    """The process takes too much of what it may."""
    megabyte = 1024 * 1024
    values = {
        "percent": round(memory.percent),
        "used": memory.resident // megabyte,
        "limit": memory.limit // megabyte,
    }
    return Diagnosis("memory", 0.95, (Text("healing.seen.memory", values),), "memory", since=now)


def _cause_of(name: str, part: SeenPart) -> Cause | None:
    match name:
        case "disk" | "files" | "event_loop" | "front_door":
            return name if part.level == "down" else None
        case "inside":
            return name if part.level == "down" else None  # degraded: somebody stopped it
        case "channels":
            return name
        case "upstreams" | "cron" | "accounts":
            return name if part.level == "down" or name == "upstreams" else None
    return None


def _is_network(parts: Mapping[str, SeenPart]) -> bool:
    return all(name in parts and parts[name].level == "down" for name in ("upstreams", "channels"))


def _seen(part: SeenPart) -> tuple[Words, ...]:
    return () if part.words is None else (part.words,)
