"""A wish to stop, start or restart the inside, and how far it came."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from crawdad.core.parts import JsonObject
from crawdad.core.tasks import Words, words_in, words_out

Action = Literal["start", "stop", "restart"]
State = Literal["running", "stopping", "stopped", "starting", "failed"]
"""How the inside is. `failed`: it could not be entered; it may be started again."""
Status = Literal["running", "success", "failed"]
Phase = Literal["accepted", "draining", "stopped", "entering", "done", "failed"]


@dataclass(slots=True)
class LifecycleRequest:
    """One wish. Times are Unix seconds; `steps` are the phases that it went through, each with its beginning. `error`: what
    went wrong, in words."""

    id: str
    action: Action
    reason: str
    asked_at: float
    status: Status = "running"
    steps: list[tuple[Phase, float]] = field(default_factory=list)
    ended_at: float | None = None
    error: Words = ""

    @property
    def phase(self) -> Phase:
        """Where it is."""
        return self.steps[-1][0] if self.steps else "accepted"

    def as_json(self) -> JsonObject:
        """As it is kept."""
        return {
            "id": self.id,
            "action": self.action,
            "reason": self.reason,
            "askedAt": self.asked_at,
            "status": self.status,
            "steps": [list(step) for step in self.steps],
            "endedAt": self.ended_at,
            "error": words_out(self.error),
        }


def request_of(value: Any) -> LifecycleRequest | None:
    """What `as_json` made; None for anything else."""
    try:
        return LifecycleRequest(
            str(value["id"]),
            value["action"],
            str(value["reason"]),
            float(value["askedAt"]),
            value["status"],
            [(phase, float(at)) for phase, at in value["steps"]],
            value["endedAt"],
            words_in(value["error"]),
        )
    except (KeyError, TypeError, ValueError):
        return None
