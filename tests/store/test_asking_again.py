"""What is asked every second costs a look at whether anybody wrote, and is never older than that."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from crawdad.core.pacing import until_next
from crawdad.core.tasks import Task
from crawdad.store.changes import Changes
from crawdad.store.database import Database, open_database
from crawdad.store.heartbeats import HeartbeatStore
from crawdad.store.notifications import NotificationStore
from crawdad.store.question import Question, Row
from crawdad.store.responses import ResponseStore
from crawdad.store.runs import RunStore
from crawdad.store.schedule import ScheduleStore
from crawdad.store.sqlite_reader import SqliteReader
from crawdad.store.tasks import TaskStore


async def test_the_tables_are_asked_when_anybody_has_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Question] = []
    plain = Database.ask

    async def counted(self: Database, question: Question, **values: Any) -> list[Row]:
        asked.append(question)
        return await plain(self, question, **values)

    monkeypatch.setattr(Database, "ask", counted)
    url = f"sqlite:///{tmp_path}/db"
    async with open_database(url) as one, open_database(url) as two:
        mine, others = Changes(one), Changes(two)
        before = await mine.revisions()
        assert [await mine.revisions() for _ in range(3)] == [before] * 3
        assert len(asked) == 1
        for count, bumped in enumerate((await others.bump("x"), await mine.bump("x")), 1):
            assert bumped == count
        assert (await mine.revisions())["x"] == 2 and (await mine.revisions())["x"] == 2
        assert len(asked) == 2
        await others.bump("x")
        assert (await mine.revisions())["x"] == 3 and len(asked) == 3


async def test_who_asks_at_the_same_moment_shares_the_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[SqliteReader] = []
    plain = SqliteReader._look

    def counted(self: SqliteReader) -> int:
        looks.append(self)
        return plain(self)

    monkeypatch.setattr(SqliteReader, "_look", counted)
    async with open_database(f"sqlite:///{tmp_path}/db") as database:
        changes, hearts = Changes(database), HeartbeatStore(database)
        await asyncio.gather(changes.revisions(), hearts.pulses(["main"]), changes.revisions())
        assert len(looks) == 1
        await hearts.begin("main", 5.0)
        assert (await hearts.pulses(["main"]))["main"].next_at == 5.0 and len(looks) == 2


async def test_who_looks_for_what_the_dead_left_asks_when_anybody_has_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Question] = []
    plain = Database.ask

    async def counted(self: Database, question: Question, **values: Any) -> list[Row]:
        asked.append(question)
        return await plain(self, question, **values)

    monkeypatch.setattr(Database, "ask", counted)
    async with open_database(f"sqlite:///{tmp_path}/db") as database:
        runs, tasks = RunStore(database), TaskStore(database)
        seekers: list[Any] = [runs.runners, runs.stranded, tasks.runners, ResponseStore(database).runners]
        seekers += [NotificationStore(database).runners, ScheduleStore(database).running]
        for _ in range(3):
            assert not any([await seek() for seek in seekers])
        assert len(asked) == len(seekers)
        assert await tasks.add(Task("t", "backup", "", "", "elsewhere", 1.0, 1.0))
        assert list(await tasks.runners()) == ["elsewhere"]


def test_all_look_at_the_same_moments() -> None:
    assert [until_next(now, 1.0) for now in (7.0, 7.25, 7.5)] == [1.0, 0.75, 0.5]
    assert until_next(7.98, 1.0) == pytest.approx(1.02), "not twice for one moment"
