"""Runs of agents in the tables: what begins at once, and what an end looks like."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from crawdad.store.database import Database
from crawdad.store.runs import RunEnd, RunStore, StoredRun, ended

_NOW = 1_767_225_600.0


def _run(run_id: str, session: str = "agent:main:main", **more: object) -> StoredRun:
    run = StoredRun(
        run_id, "main", session, "p1", "client", _NOW, {"text": "hi"}, status="running", runner="r1", starts=1
    )
    return replace(run, **more)  # type: ignore[arg-type]


async def test_a_run_begins_at_once_only_where_its_session_is_free(database: Database) -> None:
    store = RunStore(database)
    begun = await asyncio.gather(*(store.begin(_run(f"run-{number}")) for number in range(8)))
    assert begun.count(True) == 1
    assert await store.begin(_run("other", "agent:main:other"))
    first = (await store.active("agent:main:main"))[0]
    await store.keep([], [RunEnd(first.id, "completed", {"ended_at": _NOW + 1})])
    waiting = _run("waits", status="queued", runner="", starts=0)
    await store.add(waiting)
    assert not await store.begin(_run("impatient"))
    assert [run.id for run in await store.waiting("agent:main:main")] == ["waits"]
    assert await store.get("impatient") is None


async def test_a_run_of_a_clock_that_has_been_set_back_since_may_begin(database: Database) -> None:
    store = RunStore(database)
    await store.add(_run("waits", status="queued", runner="", starts=0, ready_at=_NOW + 1))
    assert await store.ready(_NOW) == [] and await store.ready(_NOW + 1) == ["agent:main:main"]
    assert await store.ready(_NOW - 8 * 3600) == ["agent:main:main"]


async def test_a_run_whose_key_was_used_does_not_begin(database: Database) -> None:
    store = RunStore(database)
    assert await store.begin(_run("first", "agent:main:one", idempotency_key="k"))
    assert not await store.begin(_run("second", "agent:main:two", idempotency_key="k"))
    assert await store.begin(_run("third", "agent:main:three", idempotency_key="k", principal_id="p2"))
    assert await store.known("p1", "k") == "first"


async def test_an_end_is_told_as_it_is_kept(database: Database) -> None:
    store = RunStore(database)
    run = _run("run", unannounced=True)
    assert await store.begin(run)
    assert await store.get("run") == run
    values = {
        "ended_at": _NOW + 2.5,
        "session_id": "log",
        "text": "a NUL \0 in it",
        "model": "static/story",
        "cost": 0.25,
        "error": None,
        "result": {"parts": [{"type": "text", "text": "a NUL \0 in it"}], "usage": {"input_tokens": 3}},
    }
    await store.keep([], [RunEnd("run", "completed", values)])
    assert await store.get("run") == ended(run, "completed", values)


async def test_what_is_at_work_below_a_session(database: Database) -> None:
    store = RunStore(database)
    main, one, two, other = "agent:main:main", "agent:main:subagent:1", "agent:main:subagent:2", "agent:main:other"
    runs = [
        _run("ended", one, spawned_by=main, status="completed", ended_at=_NOW),
        _run("grandchild", two, spawned_by=one, created_at=_NOW + 1),
        _run("told", main, spawned_by="", created_at=_NOW + 2),
        _run("child", "agent:main:subagent:3", spawned_by=main, created_at=_NOW + 3),
        _run("theirs", "agent:main:subagent:4", spawned_by=other),
        _run("circle", one, spawned_by=two, status="queued", created_at=_NOW + 4),
    ]
    for run in runs:
        await store.add(run)
    assert await store.at_work_below(main) == ["grandchild", "child", "circle"]
    assert await store.at_work_below(other) == ["theirs"] and await store.at_work_below("agent:main:none") == []
