"""From figures to levels, and levels that do not flutter."""

from __future__ import annotations

import pytest

from crawdad.core.health import HealthLevel, HealthSample, downsampled
from crawdad.core.machine import ProcessState
from crawdad.services.health.hysteresis import BETTER_AFTER, WORSE_AFTER, Held
from crawdad.services.health.judging import (
    answer_finding,
    beat_finding,
    disk_finding,
    drift_finding,
    files_finding,
    lag_finding,
    memory_finding,
    slope_finding,
    slope_of,
)

MEGABYTE = 1024 * 1024
GIGABYTE = 1024 * MEGABYTE


def state(**changed: int) -> ProcessState:
    values = {"resident": 200 * MEGABYTE, "most_memory": 8 * GIGABYTE, "open_files": 50, "most_files": 1000}
    values |= {"disk_free": 50 * GIGABYTE, "disk_total": 100 * GIGABYTE, **changed}
    return ProcessState(id=1, processor=1.0, **values)


def levels(*looks: HealthLevel) -> list[HealthLevel]:
    held, found = Held(), list[HealthLevel]()
    for look in looks:
        held = held.after(look)
        found.append(held.level)
    return found


def test_one_bad_look_is_none() -> None:
    assert levels("down", "ok", "down", "ok", "degraded", "ok") == ["ok"] * 6


def test_it_takes_two_to_be_worse_and_three_to_be_better() -> None:
    assert (WORSE_AFTER, BETTER_AFTER) == (2, 3)
    assert levels("down", "down", "ok", "ok", "ok") == ["ok", "down", "down", "down", "ok"]
    assert levels("down", "down", "ok", "ok", "down", "ok", "ok", "ok")[-2:] == ["down", "ok"]


def test_of_several_levels_the_nearest_takes_its_place() -> None:
    assert levels("degraded", "down") == ["ok", "degraded"]
    assert levels("degraded", "down", "down", "down") == ["ok", "degraded", "degraded", "down"]
    assert levels("down", "down", "ok", "degraded", "ok")[-1] == "degraded"


@pytest.mark.parametrize(
    ("free", "total", "level"),
    [
        (50 * GIGABYTE, 100 * GIGABYTE, "ok"),
        (40 * GIGABYTE, 1000 * GIGABYTE, "ok"),
        (4 * GIGABYTE, 100 * GIGABYTE, "degraded"),
        (500 * MEGABYTE, 1000 * MEGABYTE, "degraded"),
        (50 * MEGABYTE, 100 * GIGABYTE, "down"),
    ],
)
def test_a_disk_is_full_by_what_is_left(free: int, total: int, level: HealthLevel) -> None:
    found = disk_finding(state(disk_free=free, disk_total=total))
    assert found.level == level
    assert (found.words is None) == (level == "ok")


def test_memory_files_lag_beats_answers_and_drift() -> None:
    assert memory_finding(state()).level == "ok"
    assert memory_finding(state(resident=6 * GIGABYTE)).level == "degraded"
    assert memory_finding(state(resident=int(7.5 * GIGABYTE))).level == "down"
    assert [files_finding(state(open_files=n)).level for n in (799, 800, 950)] == ["ok", "degraded", "down"]
    assert files_finding(state(most_files=0)).level == "ok"
    assert [lag_finding(seconds).level for seconds in (0.1, 0.6, 6.0)] == ["ok", "degraded", "down"]
    assert [beat_finding(seconds).level for seconds in (1.0, 11.0, 61.0)] == ["ok", "degraded", "down"]
    assert [answer_finding(seconds, "health.database_slow").level for seconds in (0.2, 2.0)] == ["ok", "degraded"]
    assert [drift_finding(seconds).level for seconds in (0.4, -4.9, 3600.0, -7.0)] == [
        "ok",
        "ok",
        "degraded",
        "degraded",
    ]
    slow = answer_finding(2.0, "health.database_slow").words
    assert slow is not None
    assert (slow.render("en"), slow.render("zh")) == (
        "The database took 2000 ms to answer.",
        "数据库响应耗时 2000 毫秒。",
    )


def test_memory_that_only_grows_is_told_and_what_comes_and_goes_is_not() -> None:
    def points(growth: float, count: int = 60) -> list[tuple[float, float]]:
        return [(20.0 * n, 200 * MEGABYTE + growth * MEGABYTE * n) for n in range(count)]

    assert slope_of(points(1)) == pytest.approx(MEGABYTE / 20)
    leak = slope_finding(points(3))
    assert leak.level == "degraded"
    assert leak.figure == pytest.approx(540, abs=1)
    assert slope_finding(points(3, 20)).level == "ok"  # too short to say
    assert slope_finding(points(0.2)).level == "ok"
    waves = [(at, size + (at % 40) * 10 * MEGABYTE) for at, size in points(0)]
    assert slope_finding(waves).level == "ok"
    assert slope_of([(1.0, 5.0), (1.0, 9.0)]) == 0.0


def test_samples_become_one_for_each_span() -> None:
    def sample(at: float, level: HealthLevel, answer: float | None, **parts: HealthLevel) -> HealthSample:
        return HealthSample(f"s{at}", at, 60, level, answer, at / 10, 50.0, parts)

    folded = downsampled(
        [
            sample(950, "ok", 8.0),
            sample(100, "ok", 10.0),
            sample(160, "down", None, database="down", disk="degraded"),
            sample(220, "degraded", 20.0, database="degraded"),
        ],
        900,
    )
    assert [(each.at, each.span, each.level, each.response_ms) for each in folded] == [
        (0.0, 900, "down", 15.0),
        (900.0, 900, "ok", 8.0),
    ]
    assert folded[0].parts == {"database": "down", "disk": "degraded"}
    assert folded[0].processor == pytest.approx(16.0)
    assert downsampled([sample(100, "down", None)], 900)[0].response_ms is None
    assert downsampled([], 900) == []
