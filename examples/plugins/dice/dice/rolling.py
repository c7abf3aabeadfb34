"""Rolling dice."""

from __future__ import annotations

import random


def roll(count: int, sides: int) -> list[int]:
    """So many dice."""
    return [random.randint(1, sides) for _ in range(count)]
