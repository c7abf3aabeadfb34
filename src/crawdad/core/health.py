"""How well the gateway does: what is found of its parts, and what is kept of that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from statistics import fmean
from typing import Literal

from crawdad.core.text import Text

HealthLevel = Literal["ok", "degraded", "down"]
_SEVERITY: Mapping[HealthLevel, int] = {"ok": 0, "degraded": 1, "down": 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look at a part found. `figure` is what was measured, in the unit of the part; `words` say what is wrong."""

    level: HealthLevel = "ok"
    figure: float | None = None
    words: Text | None = None


@dataclass(frozen=True, slots=True)
class HealthSample:
    """How it was for `span` seconds from `at` (Unix seconds) on: the worst level, the means of the figures. `response_ms`: how
    long an answer took, None where none came. `processor` and `memory` are shares of the machine in percent. `parts` are
    those that were not well."""

    id: str
    at: float
    span: int
    level: HealthLevel
    response_ms: float | None
    processor: float
    memory: float
    parts: Mapping[str, HealthLevel] = field(default_factory=dict)


def severity(level: HealthLevel) -> int:
    """Levels as numbers: the higher, the worse."""
    return _SEVERITY[level]


def worst(levels: Iterable[HealthLevel]) -> HealthLevel:
    """The worst of the levels; `ok` of none."""
    return max(levels, key=severity, default="ok")


def downsampled(samples: Sequence[HealthSample], span: int) -> list[HealthSample]:
    """Samples put together to one for each `span` seconds in which there are any. Pure."""
    ordered = sorted(samples, key=lambda sample: sample.at)
    return [
        _together(list(group), float(number * span), span)
        for number, group in groupby(ordered, key=lambda sample: int(sample.at // span))
    ]


def _together(samples: Sequence[HealthSample], at: float, span: int) -> HealthSample:
    answers = [sample.response_ms for sample in samples if sample.response_ms is not None]
    names = sorted({name for sample in samples for name in sample.parts})
    return HealthSample(
        id=samples[0].id,
        at=at,
        span=span,
        level=worst(sample.level for sample in samples),
        response_ms=fmean(answers) if answers else None,
        processor=fmean(sample.processor for sample in samples),
        memory=fmean(sample.memory for sample in samples),
        parts={name: worst(sample.parts.get(name, "ok") for sample in samples) for name in names},
    )
