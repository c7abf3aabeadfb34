"""The words of statistics: what was used, and what by."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, NamedTuple

Dimension = Literal["account", "principal", "owner", "model_requested", "model_resolved"]
Grain = Literal["hour", "day"]


@dataclass(frozen=True, slots=True)
class Used:
    """What was used. `input_tokens` include the cached ones; `cost` is in US dollars, None where no price is known at all;
    `failed` requests are among the `requests`."""

    requests: int = 0
    failed: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    cost: float | None = None
    priced: int = 0
    unpriced: int = 0

    @property
    def total_tokens(self) -> int:
        """Read and written."""
        return self.input_tokens + self.output_tokens

    @property
    def completed(self) -> int:
        """The requests that were answered."""
        return self.requests - self.failed

    def __add__(self, other: Used) -> Used:
        counts = {name: getattr(self, name) + getattr(other, name) for name in _COUNTS}
        cost = (self.cost or 0.0) + (other.cost or 0.0)
        return Used(cost=cost if counts["priced"] else None, **counts)


class Group(NamedTuple):
    """What is shared by one group: its id (an account's, a key's, a model's name) and what people call it."""

    id: str
    label: str


_COUNTS = tuple(field.name for field in fields(Used) if field.name != "cost")
