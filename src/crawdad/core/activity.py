"""What happened, as people read it: the entries of the activity log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

SOURCES = ("qq", "wechat", "openclaw", "system")
"""Where entries come from: two channels, what agents do and say, and Crawdad itself. Other channels go by their own ids."""

ACTIVITY_KEPT = "activity.kept"
"""Entries were written. `data`: `entries`, each as `told` has it."""

MOST_SUMMARY = 1000
MOST_DETAIL = 16_000


def clean(text: str, most: int) -> str:
    """A text as it can be kept: cut, and without what a database or JSON does not take (NUL, halves of characters)."""
    return text[:most].encode("utf-8", "replace").decode().replace("\0", "\ufffd")


@dataclass(frozen=True, slots=True)
class Activity:
    """One line. `at` is when it happened, Unix seconds; `mark` names the happening where several may tell
    of it, in this process, another one or after a restart: only one of them counts."""

    id: str
    at: float
    source: str
    type: str
    summary: str
    detail: str | None = None
    mark: str | None = field(default=None, compare=False)

    def told(self) -> dict[str, Any]:
        """As clients of ClawPanel read it: what there is none of is left out; `time` in milliseconds."""
        found: dict[str, Any] = {"id": self.id, "time": round(self.at * 1000), "source": self.source, "type": self.type}
        found["summary"] = self.summary
        if self.detail is not None:
            found["detail"] = self.detail
        return found


@dataclass(frozen=True, slots=True)
class ActivityPage:
    """Entries, the newest first, and how many there are in all that fit the question."""

    entries: Sequence[Activity]
    total: int
