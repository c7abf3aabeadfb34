"""Kill -9 at every write of a cron run, before and after it is committed: no time is run twice, none is told twice, what was
cut off is said to be, and the job goes on."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from crawdad.core.cron import JobFilter, RunFilter
from crawdad.store.database import open_database
from tests.durability.cron_process import BEGIN, KeptOutbound, KeptRuns, read
from tests.support.fakes import FakeClock
from tests.support.schedule import FakeRunner, office
from tests.support.server import clean_environment, run_module

_WRITES = 5
"""Of one run: the claim, the agent's run, that it is being told, the words to the main session, the end."""


async def run_until_killed(url: str, folder: Path, write: int, when: str, **more: Any) -> tuple[int, str]:
    arguments = [url, str(folder), str(write), when, json.dumps(more)]
    done = await asyncio.to_thread(run_module, "tests.durability.cron_process", arguments, clean_environment())
    return done.returncode, done.stdout.strip()


async def test_a_run_is_so_many_writes(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'crawdad.db'}"
    assert await run_until_killed(url, tmp_path, 1000, "after") == (0, str(_WRITES))


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("write", range(1, _WRITES + 1))
async def test_killed_at_a_write(tmp_path: Path, write: int, when: str) -> None:
    url = f"sqlite:///{tmp_path / 'crawdad.db'}"
    code, _ = await run_until_killed(url, tmp_path, write, when)
    assert code == -9
    claimed = (write, when) != (1, "before")
    clock = FakeClock(BEGIN + 65)
    async with open_database(url) as database:
        await database.check()
        async with office(database, clock, runs=KeptRuns(tmp_path), runner=FakeRunner("next", {"doomed"})) as desk:
            desk.scheduler._running._deliveries._outbound = KeptOutbound(tmp_path)
            await desk.look()
            [job] = await desk.store.page(JobFilter(), 10, 0)
            [run] = await desk.store.runs(RunFilter(), 10, 0)
            ended = (write, when) == (_WRITES, "after")
            begun = (write, when) != (1, "after")  # what was claimed and no more is carried out now
            assert run.status == ("ok" if ended or not claimed or not begun else "interrupted")
            if claimed and not ended and (write > 3 or (write, when) == (3, "after")):
                assert run.delivery_status == "unknown"
            await desk.look(60)
            found = await desk.store.runs(RunFilter(ascending=True), 10, 0)
            assert [each.status for each in found] == [run.status, "ok"]
            assert (await desk.store.running()) == [] and job.enabled
            keys = [line["key"] for line in read(tmp_path / "orders.jsonl")]
            assert len(keys) == len(set(keys)) and set(keys) <= {f"cron:{each.id}" for each in found}
            sent = [line["key"] for line in read(tmp_path / "sent.jsonl")]
            assert len(sent) == len(set(sent)), "nobody is told twice"


@pytest.mark.parametrize(("write", "when"), [(2, "before"), (2, "after")])
async def test_a_turn_that_goes_on_is_not_called_interrupted(tmp_path: Path, write: int, when: str) -> None:
    """The process died when the agent had the order and the job's record did not say so yet: the agents take the turn up, and
    the record says what came of it."""
    url = f"sqlite:///{tmp_path / 'crawdad.db'}"
    assert (await run_until_killed(url, tmp_path, write, when))[0] == -9
    assert len(read(tmp_path / "orders.jsonl")) == 1
    clock = FakeClock(BEGIN + 65)
    async with open_database(url) as database:
        runs = KeptRuns(tmp_path, "completed")
        async with office(database, clock, runs=runs, runner=FakeRunner("next", {"doomed"})) as desk:
            desk.scheduler._running._deliveries._outbound = KeptOutbound(tmp_path)
            await desk.look()
            [run] = await desk.store.runs(RunFilter(), 10, 0)
            assert (run.status, run.run_id, run.delivery_status) == ("ok", "run1", "delivered")
            assert len(read(tmp_path / "orders.jsonl")) == len(read(tmp_path / "sent.jsonl")) == 1


@pytest.mark.parametrize(
    ("misfire", "seconds", "status"),
    [
        ({"mode": "run"}, 3600, "ok"),
        ({"mode": "skip"}, 50, "ok"),
        ({"mode": "skip"}, 3600, "skipped"),
        ({"mode": "run-if-within", "seconds": 7200}, 3600, "ok"),
        ({"mode": "run-if-within", "seconds": 600}, 3600, "skipped"),
    ],
)
async def test_what_was_claimed_and_no_more_is_made_up_for_as_the_job_says(
    tmp_path: Path, misfire: dict[str, Any], seconds: int, status: str
) -> None:
    url = f"sqlite:///{tmp_path / 'crawdad.db'}"
    more = {"misfire": misfire, "schedule": {"kind": "at", "at": "2026-01-01T00:01:00Z"}}
    assert (await run_until_killed(url, tmp_path, 1, "after", **more))[0] == -9
    clock = FakeClock(BEGIN + 60 + seconds)
    runs, runner = KeptRuns(tmp_path), FakeRunner("next", {"doomed"})
    async with open_database(url) as database, office(database, clock, runs=runs, runner=runner) as desk:
        desk.scheduler._running._deliveries._outbound = KeptOutbound(tmp_path)
        await desk.look()
        [run] = await desk.store.runs(RunFilter(), 10, 0)
        orders = read(tmp_path / "orders.jsonl")
        assert run.status == status, run.error
        assert run.trigger == ("late" if seconds > 60 and status == "ok" else "schedule")
        assert len(orders) == (status == "ok") and len(read(tmp_path / "sent.jsonl")) == len(orders)
        assert (await desk.store.running()) == []


_REMINDER = {"payload": {"kind": "systemEvent", "text": "stand up"}, "delivery": {"mode": "none"}}
_REMINDER_WRITES = 4
"""Of a reminder: the claim, that the words are put down, the words, the end."""


async def test_a_reminder_is_so_many_writes(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'crawdad.db'}"
    assert await run_until_killed(url, tmp_path, 1000, "after", **_REMINDER) == (0, str(_REMINDER_WRITES))


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("write", range(1, _REMINDER_WRITES + 1))
async def test_a_reminder_that_was_cut_off_is_put_down_once(tmp_path: Path, write: int, when: str) -> None:
    url = f"sqlite:///{tmp_path / 'crawdad.db'}"
    assert (await run_until_killed(url, tmp_path, write, when, **_REMINDER))[0] == -9
    clock = FakeClock(BEGIN + 65)
    async with open_database(url) as database, office(database, clock, runner=FakeRunner("next", {"doomed"})) as desk:
        await desk.look()
        [run] = await desk.store.runs(RunFilter(), 10, 0)
        assert run.status == "ok" and (await desk.store.running()) == []
        lines = await desk.events.take("agent:main:main", "run")
        assert ["stand up" in line for line in lines] == [True]
