"""When those look who look again and again."""

from __future__ import annotations

_CLOCKS_DIFFER = 60.0
"""Those of several machines, by so many seconds at most."""


def left_until(at: float, now: float, written: float) -> float:
    """How long to wait for a moment of the wall clock that was written down when that said `written`. Where it says less by now
    it has been set back since, and the moment counts as come: nothing is to wait until hours come by again."""
    return max(0.0, at - now) if written <= now + _CLOCKS_DIFFER else 0.0


def until_next(monotonic: float, seconds: float) -> float:
    """How long to pause so that all who look every so many seconds do so at the same moment: they then wake an idle process
    once, and share what they ask of the database. A moment that is nearly here is left out."""
    left = seconds - monotonic % seconds
    return left if left > seconds / 20 else left + seconds
