"""What the log of the supervisor tells of processes that ended and of safe mode that was left. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from crawdad.core.healing import Cause, HealEvent
from crawdad.core.tasks import LogLine, Words
from crawdad.core.text import Text
from crawdad.services.healing.reports import report_name

_CAUSES: Mapping[str, Cause] = {
    "disk": "disk",
    "read_only": "disk",
    "port": "port",
    "configuration": "configuration",
}
"""What the supervisor calls what led to safe mode."""
CUT_OFF = "cut off"
"""What a supervisor says of one before it that did not come to its end."""
_APART = frozenset(("started", "application_ready"))
"""What stands between a crash and a start that it is nothing to."""


@dataclass(frozen=True, slots=True)
class Crash:
    """A process that ended although nobody wanted it to. `at` in Unix seconds; `silent_seconds`: for how long it had given no
    sign of life, where that was why it was ended. `cut_off`: all of the gateway ended, the supervisor too; then `at` is when it
    was started again."""

    at: float
    pid: int
    how: str
    silent_seconds: float | None = None
    cut_off: bool = False


def crashes_in(lines: Iterable[Mapping[str, Any]], since: float = 0.0) -> list[Crash]:
    """The crashes after `since`."""
    found, silent = [], dict[int, float]()
    for line in lines:
        try:
            at, pid = moment_of(line), int(line["pid"])
            match line["event"]:
                case "application_started":
                    silent.pop(pid, None)  # a process id that comes again is another process
                case "application_hung":
                    silent[pid] = float(line["silent_seconds"])
                case "started" if line.get("after") == CUT_OFF and at > since:
                    found.append(Crash(at, pid, "", cut_off=True))
                case "application_crashed":
                    how = str(line.get("signal") or f"exit code {line.get('exit_code', '?')}")[:100]
                    crash = Crash(at, pid, how, silent.pop(pid, None))
                    found += [crash] if at > since else []
        except (KeyError, TypeError, ValueError):
            continue
    return found


def has_served(lines: Sequence[Mapping[str, Any]], pid: int) -> bool:
    """Whether the supervisor has heard that the process `pid` serves: what happened before that stands in `lines`."""
    _, ready = _begun(lines, pid)
    return ready < len(lines)


def crash_before(lines: Sequence[Mapping[str, Any]], pid: int) -> Crash | None:
    """The crash that the process `pid` makes up for: the last one before it serves, unless another process has come to serve
    since. What only finished up counts for nothing, and who was to take the place of one that crashed meanwhile began before
    that crash."""
    begun, ready = _begun(lines, pid)
    if begun == len(lines):
        return None
    for number in range(ready - 1, -1, -1):
        event = lines[number].get("event")
        if event == "started" and lines[number].get("after") == CUT_OFF:
            return next(iter(crashes_in(lines[number : number + 1])), None)
        if event in _APART:
            return None
        if event == "application_crashed":
            return next(reversed(crashes_in(lines[: number + 1])), None)
    return None


def newest_in(lines: Iterable[Mapping[str, Any]], default: float) -> float:
    """When the newest of them was written."""
    found = default
    for line in lines:
        try:
            found = max(found, moment_of(line))
        except (KeyError, TypeError, ValueError):
            continue
    return found


def moment_of(line: Mapping[str, Any]) -> float:
    """When it was written, in Unix seconds. Raises KeyError, ValueError."""
    return datetime.fromisoformat(str(line["at"])).timestamp()


def _begun(lines: Sequence[Mapping[str, Any]], pid: int) -> tuple[int, int]:
    """Where the process `pid` was begun, and where it came to serve; behind the end where it has not. Process ids come again:
    the last that has it is meant."""
    last = len(lines)
    named = [number for number in range(last) if lines[number].get("pid") == pid]
    begun = max((number for number in named if lines[number].get("event") == "application_started"), default=last)
    served = (number for number in named if number > begun and lines[number].get("event") == "application_ready")
    return begun, next(served, last)


def returns_in(lines: Iterable[Mapping[str, Any]], since: float) -> list[HealEvent]:
    """How the supervisor has tried after `since` to leave safe mode by itself."""
    found = []
    for line in lines:
        try:
            at = moment_of(line)
            causes = [str(cause) for cause in line["causes"]] if line["event"] == "safe_mode_cause_gone" else []
        except (KeyError, TypeError, ValueError):
            continue
        if causes and at > since:
            event = HealEvent(
                id=f"gone-{round(at * 1000)}",
                at=at,
                cause=_CAUSES.get(causes[0], "crash"),
                remedy="replace",
                place="supervisor",
                seen=tuple(Text(f"healing.seen.gone.{cause}") for cause in causes if cause in _CAUSES),
                steps=(LogLine(at, Text("healing.step.left_safe_mode")),),
            )
            found.append(replace(event, report=report_name(event)))
    return found


def crash_event(crash: Crash, plugins: Sequence[str]) -> HealEvent:
    """A crash as an event: the supervisor has replaced the process. `plugins`: in whose code it may have died."""
    values = {"pid": crash.pid, "how": crash.how, "seconds": crash.silent_seconds}
    hung = crash.silent_seconds is not None
    key = "hang" if hung else "cut_off" if crash.cut_off else "crash"
    seen: list[Words] = [Text(f"healing.seen.{key}", values)]
    seen += [Text("healing.seen.step", {"plugin": plugin}) for plugin in plugins]
    event = HealEvent(
        id=f"crash-{crash.pid}-{round(crash.at * 1000)}",
        at=crash.at,
        cause="hang" if hung else "crash",
        remedy="replace",
        place="supervisor",
        subject=plugins[0] if len(plugins) == 1 else "",
        confidence=0.9 if len(plugins) == 1 else 0.5,
        seen=tuple(seen),
        steps=(LogLine(crash.at, Text("healing.step.begun_again" if crash.cut_off else "healing.step.replaced")),),
    )
    return replace(event, report=report_name(event))
