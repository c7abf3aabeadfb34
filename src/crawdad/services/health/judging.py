"""From figures to levels. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from crawdad.core.health import Finding, HealthLevel
from crawdad.core.machine import ProcessState
from crawdad.core.text import Text

_MEGABYTE = 1024 * 1024
_SLOPE_POINTS = 30
"""At three looks a minute, ten minutes: what is shorter says nothing about a leak."""
_SLOPE_MEGABYTES = 300.0
_SLOPE_SHARE = 0.2


def above(figure: float, degraded: float, down: float) -> HealthLevel:
    """The level of a figure that is the worse the higher it is."""
    return "down" if figure >= down else "degraded" if figure >= degraded else "ok"


def judged(level: HealthLevel, figure: float | None, key: str, **values: object) -> Finding:
    """A finding that has words where it is not well."""
    return Finding(level, figure, None if level == "ok" else Text(key, values))


def lag_finding(seconds: float) -> Finding:
    """By how much the event loop was late at worst. The figure is in milliseconds."""
    ms = round(seconds * 1000, 1)
    return judged(above(seconds, 0.5, 5.0), ms, "health.event_loop", ms=round(ms))


def beat_finding(age: float) -> Finding:
    """How long ago the loop turned last, in seconds."""
    return judged(above(age, 10.0, 60.0), round(age, 1), "health.heartbeat", seconds=round(age))


def memory_finding(state: ProcessState) -> Finding:
    """What the process takes of the memory that it may, in percent."""
    percent = _percent(state.resident, state.most_memory)
    return judged(above(percent, 70.0, 90.0), percent, "health.memory", percent=percent)


def files_finding(state: ProcessState) -> Finding:
    """Open files, in percent of those that may be."""
    percent = _percent(state.open_files, state.most_files)
    level = above(percent, 80.0, 95.0)
    return judged(level, percent, "health.files", open=state.open_files, most=state.most_files)


def disk_finding(state: ProcessState) -> Finding:
    """The disk that the data lie on, in percent that are taken. A large one is not full while some gigabytes are left."""
    percent = _percent(state.disk_total - state.disk_free, state.disk_total)
    left = state.disk_free // _MEGABYTE
    level: HealthLevel = "down" if left < 100 else "degraded" if left < 1024 else "ok"
    if level == "ok" and percent >= 95.0 and left < 5120:
        level = "degraded"
    return judged(level, percent, "health.disk", percent=percent, megabytes=left)


def slope_finding(points: Sequence[tuple[float, float]]) -> Finding:
    """Whether memory only ever grows. `points`: seconds and bytes, the oldest first. The figure is in MiB an hour."""
    if len(points) < _SLOPE_POINTS:
        return Finding()
    slope = round(slope_of(points) * 3600 / _MEGABYTE, 1)
    grown = points[-1][1] >= points[0][1] * (1 + _SLOPE_SHARE)
    level: HealthLevel = "degraded" if slope >= _SLOPE_MEGABYTES and grown else "ok"
    return judged(level, slope, "health.memory_slope", megabytes=round(slope))


def slope_of(points: Sequence[tuple[float, float]]) -> float:
    """The slope of the line that lies best through the points (least squares)."""
    middle_x = sum(x for x, _ in points) / len(points)
    middle_y = sum(y for _, y in points) / len(points)
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    return sum((x - middle_x) * (y - middle_y) for x, y in points) / spread if spread else 0.0


def drift_finding(seconds: float) -> Finding:
    """By how many seconds the clock on the wall was set, between two looks."""
    level: HealthLevel = "degraded" if abs(seconds) >= 5.0 else "ok"
    return judged(level, round(seconds, 3), "health.clock", seconds=round(seconds))


def answer_finding(seconds: float, key: str) -> Finding:
    """How long something took to answer. The figure is in milliseconds."""
    ms = round(seconds * 1000, 1)
    return judged("degraded" if seconds >= 1.0 else "ok", ms, key, ms=round(ms))


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole > 0 else 0.0
