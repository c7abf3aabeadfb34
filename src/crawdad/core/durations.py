"""Lengths of time as settings spell them: `30m`, `1h30m`, `90` (in a unit that the setting names)."""

from __future__ import annotations

import re

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|[smhdw])", re.IGNORECASE)
_LONGEST = 100 * 366 * 86_400.0


def seconds_of(text: str, bare: str = "m") -> float:
    """How many seconds `text` is; a number alone counts in `bare`. Raises ValueError for what is no length of time."""
    trimmed = text.strip().lower()
    if re.fullmatch(r"\d+(?:\.\d+)?", trimmed):
        trimmed += bare
    total, place = 0.0, 0
    for found in _PART.finditer(trimmed):
        if trimmed[place : found.start()].strip():
            raise ValueError(text)
        total += float(found[1]) * _SECONDS[found[2].lower()]
        place = found.end()
    if place == 0 or trimmed[place:].strip() or total > _LONGEST:
        raise ValueError(text)
    return total
