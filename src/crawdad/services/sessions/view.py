"""What the model is to see of a log: the newest compaction and what it kept, on the branch that the log ends with, without
what was trimmed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from crawdad.core.sessions import LogEvent


def view_of(lines: Sequence[LogEvent], compaction: LogEvent | None = None) -> list[LogEvent]:
    """The view, from the lines that the compaction kept on (all of them where there is none)."""
    trimmed = [(int(line.data.get("after") or 0), line.sequence) for line in lines if line.kind == "trim"]
    kept = [
        line
        for line in on_branch(lines)
        if line.kind not in ("compaction", "trim")
        and not any(after < line.sequence < before for after, before in trimmed)
    ]
    return kept if compaction is None else [compaction, *kept]


def on_branch(lines: Sequence[LogEvent]) -> list[LogEvent]:
    """The lines that lead to the last one. A log of ours is one branch; one that was read from a file may be a tree."""
    if all(line.parent_id == before.id for before, line in pairwise(lines)):
        return list(lines)
    found: list[LogEvent] = []
    wanted: str | None = None
    for line in reversed(lines):
        if found and line.id != wanted:
            continue
        found.append(line)
        wanted = line.parent_id
        if wanted is None:
            break
    return found[::-1]
