"""What is done about what: for every cause a ladder of remedies, the mildest first, each with the time in which it must have
helped.

This table is the policy; `docs/operations.md` tells it in words, `crawdad heal policy` prints it. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crawdad.core.healing import Cause, HealEvent, Remedy

BACK_OFF_SECONDS = (60.0, 120.0, 300.0, 900.0)
"""How long the same cause is left alone after the first attempt, the second, … within `WINDOW_SECONDS`."""
WINDOW_SECONDS = 3600.0
MOST_DISRUPTIONS = 6
"""Of all causes together, within the window: beyond that nothing is recycled or replaced any more."""
DISRUPTIVE: frozenset[Remedy] = frozenset(
    ("recycle", "replace", "restore_configuration", "salvage_database", "restore_database")
)


@dataclass(frozen=True, slots=True)
class Step:
    """A remedy, and within how many seconds the part must be well again."""

    remedy: Remedy
    verify_seconds: float


@dataclass(frozen=True, slots=True)
class Rule:
    """What is done about a cause. `bad_seconds`: how long it must have held before anything is done."""

    ladder: tuple[Step, ...]
    bad_seconds: float = 0.0


_CLOCKS_DIFFER = 60.0
_TELL = Step("tell", 0.0)

WHILE_RUNNING: Mapping[Cause, Rule] = {
    "memory": Rule((Step("shed_load", 20.0), Step("replace", 90.0), _TELL)),
    "database": Rule((Step("restore_database", 120.0), _TELL)),
    "database_away": Rule((_TELL,), 60.0),
    "plugin": Rule((Step("set_down_plugin", 30.0), _TELL)),
    "disk": Rule((Step("free_disk", 30.0), _TELL)),
    "files": Rule((Step("shed_load", 30.0), Step("recycle", 90.0), Step("replace", 90.0), _TELL)),
    "event_loop": Rule((Step("shed_load", 60.0), Step("replace", 90.0), _TELL), 60.0),
    "front_door": Rule((Step("recycle", 90.0), Step("replace", 90.0), _TELL), 30.0),
    "inside": Rule((Step("enter", 60.0), Step("replace", 90.0), _TELL)),
    "channels": Rule((Step("reconnect", 90.0), Step("reconnect", 180.0), _TELL), 120.0),
    "upstreams": Rule((Step("reset_upstreams", 120.0), _TELL), 120.0),
    "accounts": Rule((_TELL,), 300.0),
    "network": Rule((_TELL,), 60.0),
    "cron": Rule((Step("recycle", 120.0), Step("replace", 120.0), _TELL), 120.0),
}
"""By the application itself."""

BEFORE_A_START: Mapping[Cause, Rule] = {
    "port": Rule((_TELL,)),
    "disk": Rule((Step("free_disk", 60.0), Step("safe_mode", 60.0))),
    "configuration": Rule((Step("restore_configuration", 90.0), Step("safe_mode", 60.0))),
    "database": Rule((Step("salvage_database", 120.0), Step("restore_database", 120.0), Step("safe_mode", 60.0))),
    "plugin": Rule((Step("set_down_plugin", 90.0), Step("safe_mode", 60.0))),
    "crash": Rule((Step("safe_mode", 60.0),)),
}
"""After starts that failed or processes that died again and again, before the next one, in this order. The supervisor alone
has by then replaced the process a few times (`crash`, `hang`)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may be done now. `step` None: nothing; `wait_seconds` until it may be. `exhausted`: the ladder or the budget has
    come to its end."""

    step: Step | None
    wait_seconds: float = 0.0
    exhausted: bool = False


def decide(
    rule: Rule, cause: Cause, subject: str, past: Sequence[HealEvent], now: float, most: int = len(BACK_OFF_SECONDS)
) -> Verdict:
    """Which remedy is next, by what was tried within the window. What helped is done again where the cause comes back, what did
    not is not: then the next one is. What is of a time to come was before the clock was set back, and holds nothing up. Pure.

    Between attempts there is a pause, longer each time, so that what flaps does not drive anything round; only from a remedy
    that did not help to a stronger one there is none. After `most` attempts a person is told, once."""
    lately = [event for event in past if now - WINDOW_SECONDS < event.at <= now + _CLOCKS_DIFFER]
    mine = [event for event in lately if (event.cause, event.subject) == (cause, subject)]
    acts = [event for event in mine if event.remedy != "tell"]
    told = any(event.remedy == "tell" for event in mine)
    if any(event.status == "running" for event in mine):
        return Verdict(None)
    ladder = [step for step in rule.ladder if step.remedy != "tell"]
    offered = {step.remedy for step in ladder}
    rung = sum(event.status == "failed" for event in acts if event.remedy in offered)
    disruptions = sum(event.remedy in DISRUPTIVE for event in lately)
    ended = rung >= len(ladder) or len(acts) >= most
    ended = ended or (ladder[rung].remedy in DISRUPTIVE and disruptions >= MOST_DISRUPTIONS)
    if ended:
        return Verdict(None if told else _TELL, exhausted=bool(acts))
    step = ladder[rung]
    climbs = bool(acts) and acts[-1].status == "failed" and acts[-1].remedy != step.remedy
    if acts and not climbs:
        free_at = acts[-1].at + BACK_OFF_SECONDS[min(len(acts), len(BACK_OFF_SECONDS)) - 1]
        if now < free_at:
            return Verdict(None, free_at - now)
    return Verdict(step)


def policy_fields() -> dict[str, object]:
    """The table as plain JSON, for whoever shows it."""

    def told(table: Mapping[Cause, Rule]) -> list[dict[str, object]]:
        return [
            {
                "cause": cause,
                "badSeconds": rule.bad_seconds,
                "ladder": [{"remedy": step.remedy, "verifySeconds": step.verify_seconds} for step in rule.ladder],
            }
            for cause, rule in table.items()
        ]

    return {
        "running": told(WHILE_RUNNING),
        "start": told(BEFORE_A_START),
        "backOffSeconds": list(BACK_OFF_SECONDS),
        "windowSeconds": WINDOW_SECONDS,
        "mostDisruptions": MOST_DISRUPTIONS,
    }
