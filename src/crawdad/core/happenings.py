"""Domain events: something happened that others may want to know. They travel on the bus."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """`topic` is dotted and in the past tense (`keys.changed`); `data` is plain JSON. `at` is Unix time in seconds."""

    topic: str
    data: dict[str, Any] = field(default_factory=dict)
    at: float = 0.0
    origin: str = ""
    """The process that published it."""
