"""Which backups go."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawdad.core.backups import Backup
from crawdad.core.errors import GatewayError
from crawdad.core.operation_settings import BackupRetention
from crawdad.services.backups.naming import free_name, moment_name, named
from crawdad.services.backups.retention import DAY, expired

BASE = Backup("x", "full", "schedule", 0.0, "1")


def made(day: float, **changes: object) -> Backup:
    return replace(BASE, id=f"d{day}", created_at=day * DAY, **changes)  # type: ignore[arg-type]


def test_by_number_and_by_age() -> None:
    backups = [made(day) for day in range(10)]
    assert expired(backups, BackupRetention(snapshots=3), 10 * DAY) == [f"d{day}" for day in range(6, -1, -1)]
    assert set(expired(backups, BackupRetention(days=2.5), 10 * DAY)) == {f"d{day}" for day in range(8)}


def test_the_newest_and_the_last_good_stay() -> None:
    backups = [made(1), made(2, valid=False), made(3, valid=False)]
    assert expired(backups, BackupRetention(snapshots=1), 1000 * DAY) == ["d2"]


def test_those_before_a_restore_have_a_number_of_their_own() -> None:
    backups = [*(made(day, reason="pre-restore") for day in range(5)), made(9)]
    assert expired(backups, BackupRetention(snapshots=1), 9 * DAY) == ["d1", "d0"]


@given(st.lists(st.tuples(st.integers(0, 400), st.booleans(), st.sampled_from(["full", "configuration"])), max_size=40))
def test_something_always_stays(given_backups: list[tuple[int, bool, str]]) -> None:
    backups = [
        replace(made(day), id=f"{number}", valid=valid, kind=kind)  # type: ignore[arg-type]
        for number, (day, valid, kind) in enumerate(given_backups)
    ]
    gone = set(expired(backups, BackupRetention(snapshots=1, configurations=1, days=1), 1000 * DAY))
    left = [backup for backup in backups if backup.id not in gone]
    assert {backup.kind for backup in left} == {backup.kind for backup in backups}
    assert any(backup.valid for backup in left) == any(backup.valid for backup in backups)


def test_names_are_moments() -> None:
    assert moment_name(1_795_195_319.66) == "2026-11-20T17-21-59-660Z"
    first = moment_name(1_795_195_319.66)
    assert free_name(1_795_195_319.66, {first}) == "2026-11-20T17-21-59-661Z"


def test_names_are_found_by_how_they_begin() -> None:
    backups = [replace(BASE, id="2026-b"), replace(BASE, id="2026-a")]
    assert named(backups, "latest").id == "2026-b" and named(backups, "2026-a").id == "2026-a"
    for wanted in ("2026", "x", ""):
        with pytest.raises(GatewayError):
            named(backups, wanted)
