"""What one request wants of budgets, and whether there is room. Pure; `store.budgets` keeps what was decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from crawdad.core.budgets import BudgetUnit

PLACES = 9
"""Amounts are rounded to billionths, so that sums of dollars do not drift."""

CounterName = tuple[str, BudgetUnit, str]
"""Whose, of what, in which window."""


@dataclass(frozen=True, slots=True)
class Line:
    """What one request wants of one counter: `most` is set aside, `least` is what it takes in any case."""

    subject: str
    unit: BudgetUnit
    window: str
    limit: float
    least: float
    most: float

    @property
    def counter(self) -> CounterName:
        """The counter's name."""
        return self.subject, self.unit, self.window


@dataclass(frozen=True, slots=True)
class Order:
    """What one request wants of several counters: all of it or nothing. `id` is the exchange's."""

    id: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Shortage:
    """There was no room in `line`. `passing`: there would be, were nothing set aside by others."""

    line: Line
    used: float
    passing: bool


@dataclass(slots=True)
class Counter:
    """What was used of a window, and what is set aside in it."""

    used: float = 0.0
    reserved: float = 0.0


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict on each order (None: granted), the orders that were granted, and the counters that this changed."""

    verdicts: list[Shortage | None]
    granted: list[Order]
    changed: dict[CounterName, Counter]


def counters_of(orders: Sequence[Order]) -> list[CounterName]:
    """The counters that orders want something of, each once, in the order in which they are locked."""
    return sorted({line.counter for order in orders for line in order.lines})


def decide(orders: Sequence[Order], counters: Mapping[CounterName, Counter]) -> Decision:
    """Set aside in `counters` what the orders want, one after the other."""
    verdicts = [_granted(order, counters) for order in orders]
    granted = [order for order, verdict in zip(orders, verdicts, strict=True) if verdict is None]
    return Decision(verdicts, granted, {name: counters[name] for name in counters_of(granted)})


def lines_text(order: Order) -> str:
    """How a reservation is written down."""
    lines = [[line.subject, line.unit, line.window, round(line.most, PLACES)] for line in order.lines]
    return orjson.dumps(lines).decode()


def read_lines(text: str) -> list[tuple[CounterName, float]]:
    """The counters of a reservation, and what is set aside in each."""
    rows: list[Any] = orjson.loads(text)
    return [((subject, unit, window), amount) for subject, unit, window, amount in rows]


def _granted(order: Order, counters: Mapping[CounterName, Counter]) -> Shortage | None:
    """Set aside in `counters` what `order` wants, unless a line of it has no room.

    A request whose most has no room may still go if it is the only one under way and its least has: what it takes beyond
    the limit is the error of its own estimate, and nobody else's.
    """
    for line in order.lines:
        state = counters[line.counter]
        alone = state.used < line.limit and state.used + line.least <= line.limit
        if round(state.used + state.reserved + line.most, PLACES) > line.limit and (state.reserved > 0 or not alone):
            return Shortage(line, state.used, passing=alone)
    for line in order.lines:
        state = counters[line.counter]
        state.reserved = round(state.reserved + line.most, PLACES)
    return None
