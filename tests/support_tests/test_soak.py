"""The soak: what it makes of what it has seen, and that its load asks no more of a gateway late than early."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from crawdad.app.bench import soak
from crawdad.app.bench.gateway import Target
from crawdad.app.bench.processes import Answer
from crawdad.app.bench.soak import Look, after_warm_up, rows_of, slope
from crawdad.app.bench.table import Row


def looks(minutes: int, memory: Callable[[float], float]) -> list[Look]:
    return [Look(15.0 * n, memory(15.0 * n), 60, 20, 30.0, 4.0, n) for n in range(1, 4 * minutes + 1)]


def judged(minutes: int, memory: Callable[[float], float]) -> Row:
    return next(row for row in rows_of(looks(minutes, memory), Counter()) if row.name == "soak: memory")


def test_what_grows_while_it_warms_up_does_not_count() -> None:
    row = judged(40, lambda at: 150 + min(at, 600.0) / 20)
    assert row.met is True
    assert row.data["an_hour"] == pytest.approx(0)
    assert row.data["judged_minutes"] == 30
    assert "the last 30 min" in row.beside


def test_what_grows_after_that_does() -> None:
    row = judged(40, lambda at: 150 + at / 1800)
    assert row.met is False
    assert row.data["an_hour"] == pytest.approx(2)
    assert row.data["error"] == pytest.approx(0, abs=1e-6)


def test_a_run_that_is_too_short_is_shown_and_not_judged() -> None:
    row = judged(17, lambda at: 150 + at / 360)
    assert row.met is None
    assert row.data["an_hour"] == pytest.approx(10)
    assert row.data["judged_minutes"] == 0
    assert "too short to judge" in row.beside


def test_a_slope_tells_how_sure_it_is() -> None:
    found = slope(after_warm_up(looks(40, lambda at: 150 + at % 2 * 2)), lambda look: look.memory)
    assert found.an_hour == pytest.approx(0, abs=2 * found.error)
    assert found.error > 0.5
    assert slope(looks(0, lambda at: at), lambda look: look.memory) == soak.Slope()


def test_no_conversation_becomes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = Counter[str]()

    def ask(_port: int, _path: str, body: Any, *_: object) -> Answer:
        turns[body["user"]] += 1
        return Answer(200, b"")

    monkeypatch.setattr(soak, "ask", ask)
    for name in ("soak-0", "soak-1"):
        act = next(act for kind, act, _ in soak._kinds(Target("", 0, {}), ("whole", "paced"), name) if kind == "agent")
        assert {act() for _ in range(100)} == {200}
    assert sum(turns.values()) == 200
    assert max(turns.values()) == 20
