"""Domain events: something happened that others may want to know. They travel on the bus."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

LAGGED = "bus.lagged"
"""What a listener gets in place of events that were lost: `data["lost"]` says how many, 0 when nobody knows."""
CHANNEL_SWITCHED = "channels.switched"
"""A channel was turned on or off: `channel`, `enabled`, `signedOut`."""
LIFECYCLE_CHANGED = "gateway.lifecycle"
"""The inside of the gateway was asked to stop, start or begin anew, or came further with it: see `services.lifecycle`."""
HEALTH_CHANGED = "health.changed"
"""The gateway has come to another level. `data`: `before`, `now` (`ok`, `degraded`, `down`), `parts` (those not well)."""
HEAL_CHANGED = "healing.changed"
"""The gateway did something about itself, or it is now known whether that helped. `data`: `id`, `cause`, `remedy`, `place`,
`status` (`running`, `healed`, `failed`, `told`), `subject`, `report` (a name of `GET /v1/heal/reports/:name`), and in `words`
what happened in one sentence, `{en, zh}`: see `core.healing.HealEvent`."""
APPLICATION_CRASHED = "gateway.crashed"
"""The process before this one did not end by itself. `data`: `how` (an exit code or a signal), `hung`, `safeMode` (this one
is in safe mode), `at` (when, Unix seconds), `cutOff` (the supervisor ended with it; `at` is when it was started again)."""
BACKUP_FAILED = "backups.failed"
"""A backup that was due was not made. `data`: `reason`."""
SWITCH_UNDONE = "switches.undone"
"""An update or a restore was taken back by itself, as no process came to serve with it. `data`: `purpose` (`update`,
`restore`), `about` (the version, or the backup), `reason`, `switch` (its id)."""
UPDATE_AVAILABLE = "updates.available"
"""A newer version was found. `data`: `version`, `current`."""
BUDGET_REACHED = "budgets.reached"
"""A request was refused because a budget of a day, a month or for good is used up. `data`: `subject`, `unit`, `period`,
`limit`, `resetsAt` (Unix seconds, null: never)."""


@dataclass(frozen=True, slots=True)
class Event:
    """`topic` is dotted and in the past tense (`keys.changed`); `data` is plain JSON. `at` is Unix time in seconds."""

    topic: str
    data: dict[str, Any] = field(default_factory=dict)
    at: float = 0.0
    origin: str = ""
    """The process that published it."""
