"""The scheduler with a clock that the test moves: times, misfires, back-off, one-shots, by hand, two processes, crashes."""

from __future__ import annotations

import asyncio
import itertools
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crawdad.core.cron import Job, RunFilter
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import KEY_DEFAULT, Permission
from crawdad.core.schedule_settings import CronLimits, CronSettings
from crawdad.core.sessions import Route
from crawdad.core.text import Text
from crawdad.services.schedule import delivery
from crawdad.services.schedule.jobs import Maker
from crawdad.store.database import Database, open_database
from crawdad.wire.cron import write_job, write_run
from tests.support.fakes import FakeClock
from tests.support.schedule import ALICE, BOB, BOSS, FakeRunner, FakeRuns, Office, office

QUIET = {"mode": "none"}


def turn(**values: Any) -> dict[str, Any]:
    return {"name": "job", "payload": {"kind": "agentTurn", "message": "look"}, "delivery": QUIET, **values}


def every(seconds: float, **values: Any) -> dict[str, Any]:
    return turn(schedule={"kind": "every", "everyMs": int(seconds * 1000)}, **values)


def cron(expr: str, tz: str = "UTC", **values: Any) -> dict[str, Any]:
    return turn(schedule={"kind": "cron", "expr": expr, "tz": tz, "staggerMs": 0}, **values)


def at(clock: FakeClock, seconds: float, **values: Any) -> dict[str, Any]:
    return turn(schedule={"kind": "at", "at": str(int((clock.now() + seconds) * 1000))}, **values)


def put(clock: FakeClock, text: str, zone: str) -> None:
    clock.time = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


async def log_of(desk: Office, job: Job | None = None) -> list[tuple[str, str]]:
    runs = await desk.store.runs(RunFilter(job_id=job.id if job else None, ascending=True), 500, 0)
    return [(run.trigger, run.status) for run in runs]


async def started(desk: Office, job: Job, zone: str = "UTC") -> list[str]:
    runs = await desk.store.runs(RunFilter(job_id=job.id, ascending=True), 500, 0)
    return [
        datetime.fromtimestamp(run.planned_at / 1000, ZoneInfo(zone)).strftime("%m-%d %H:%M%z")
        for run in runs
        if run.planned_at and run.status == "ok"
    ]


async def state_of(desk: Office, job: Job) -> Any:
    found = await desk.store.get(job.id)
    assert found is not None
    return found.state


async def test_an_interval_keeps_its_beat_whatever_looking_and_running_take(desk: Office) -> None:
    job = await desk.jobs.create(every(60), ALICE)
    anchor = int(desk.clock.now() * 1000)
    for _ in range(5):
        await desk.look(60.7)
    runs = await desk.store.runs(RunFilter(job_id=job.id, ascending=True), 10, 0)
    assert [(run.planned_at or 0) - anchor for run in runs] == [60_000 * n for n in range(1, 6)]
    assert [order.session_key for order in desk.runs.orders] == [f"agent:main:cron:{job.id}"] * 5
    order = desk.runs.orders[0]
    assert order.principal == ALICE and order.origin == "cron" and order.light and order.fresh
    assert order.idempotency_key == f"cron:{job.id}:{anchor + 60_000}"


@pytest.mark.parametrize(
    ("expr", "zone", "begin", "hours", "wanted"),
    [
        ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00", 48, ["03-29 03:00+0200", "03-30 02:30+0200"]),
        ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00", 48, ["10-25 02:30+0200", "10-26 02:30+0100"]),
        ("30 1 * * *", "America/New_York", "2026-10-31T12:00", 48, ["11-01 01:30-0400", "11-02 01:30-0500"]),
        ("0 12 29 2 *", "UTC", "2028-02-28T12:30", 48, ["02-29 12:00+0000"]),
    ],
)
async def test_changes_of_the_clocks_and_leap_days(
    desk: Office, expr: str, zone: str, begin: str, hours: int, wanted: list[str]
) -> None:
    put(desk.clock, begin, zone)
    job = await desk.jobs.create(cron(expr, zone), ALICE)
    await desk.tick(hours * 3600, 600)
    assert await started(desk, job, zone) == wanted


async def test_every_quarter_of_an_hour_goes_on_through_the_hour_that_comes_twice(desk: Office) -> None:
    put(desk.clock, "2026-10-25T01:50", "Europe/Berlin")
    job = await desk.jobs.create(cron("*/30 * * * *", "Europe/Berlin"), ALICE)
    await desk.tick(3 * 3600, 300)
    assert await started(desk, job, "Europe/Berlin") == [
        *("10-25 02:00+0200", "10-25 02:30+0200", "10-25 02:00+0100", "10-25 02:30+0100"),
        *("10-25 03:00+0100", "10-25 03:30+0100"),
    ]


async def test_a_leap_year_passes_from_one_29_february_to_the_next(desk: Office) -> None:
    put(desk.clock, "2028-02-29T13:00", "UTC")
    job = await desk.jobs.create(cron("0 12 29 2 *"), ALICE)
    assert (await state_of(desk, job)).next_run_at == int(
        datetime(2032, 2, 29, 12, tzinfo=ZoneInfo("UTC")).timestamp()
    ) * 1000


@pytest.mark.parametrize(
    ("misfire", "late", "wanted"),
    [
        ("run", 90_000, ("late", "ok")),
        ("skip", 90_000, ("late", "skipped")),
        ({"mode": "run-if-within", "seconds": 100}, 90, ("late", "ok")),
        ({"mode": "run-if-within", "seconds": 80}, 90, ("late", "skipped")),
        ("skip", 50, ("schedule", "ok")),
    ],
)
async def test_a_time_that_was_missed_goes_by_the_jobs_policy(
    desk: Office, misfire: Any, late: float, wanted: tuple[str, str]
) -> None:
    job = await desk.jobs.create(cron("0 6 * * *", misfire=misfire), ALICE)
    await desk.look(6 * 3600 + late)
    assert await log_of(desk, job) == [wanted], "once, however many were missed"
    assert (await state_of(desk, job)).next_run_at > desk.clock.now() * 1000
    assert await desk.look() == 0


async def test_waiting_for_another_job_is_not_missing_ones_time(desk: Office) -> None:
    desk.runs.answer = None
    first = await desk.jobs.create(at(desk.clock, 10), ALICE)
    second = await desk.jobs.create(at(desk.clock, 11, misfire="skip"), ALICE)
    await desk.look(10)
    await desk.look(1)
    await desk.tick(600, 60)
    assert await log_of(desk) == [("schedule", "running")], "one at a time"
    desk.runs.end("run1", "done")
    await asyncio.sleep(0.05)
    desk.runs.answer = lambda _: "done"
    await desk.look(1)
    assert await log_of(desk, second) == [("schedule", "ok")]
    assert await desk.store.get(first.id) is None and await desk.store.get(second.id) is None


async def test_more_run_together_where_that_is_allowed(desk: Office) -> None:
    desk.settings = CronSettings(max_concurrent_runs=2)
    desk.runs.answer = None
    for _ in range(3):
        await desk.jobs.create(at(desk.clock, 5), ALICE)
    await desk.look(5)
    assert len(desk.runs.orders) == 2


async def test_errors_put_the_next_run_off_and_success_ends_that(desk: Office) -> None:
    job = await desk.jobs.create(every(10), ALICE)
    desk.runs.failure = GatewayError(ErrorKind.UNAVAILABLE, "nobody there")
    waits = []
    await desk.look(10)
    for _ in range(6):
        waits.append(((await state_of(desk, job)).next_run_at - desk.clock.now() * 1000) / 1000)
        await desk.look(waits[-1])
    assert waits == [30, 60, 300, 900, 3600, 3600]
    state = await state_of(desk, job)
    assert (state.consecutive_errors, state.last_status, state.last_error) == (7, "error", "nobody there")
    desk.runs.failure = None
    await desk.look(3600)
    state = await state_of(desk, job)
    assert state.consecutive_errors == 0 and state.next_run_at - desk.clock.now() * 1000 <= 10_000


async def test_two_runs_of_a_job_are_two_seconds_apart_at_least(desk: Office) -> None:
    job = await desk.jobs.create(every(0.001), ALICE)
    for _ in range(40):
        await desk.look(0.5)
    runs = await desk.store.runs(RunFilter(job_id=job.id, ascending=True), 100, 0)
    times = [run.started_at or 0 for run in runs]
    assert len(times) >= 9
    assert min(later - earlier for earlier, later in itertools.pairwise(times)) >= 2000


async def test_a_one_shot_is_deleted_when_it_went_well_and_turned_off_when_not(desk: Office) -> None:
    good = await desk.jobs.create(at(desk.clock, 10), ALICE)
    kept = await desk.jobs.create(at(desk.clock, 10, deleteAfterRun=False), ALICE)
    await desk.tick(3)
    await desk.tick(12)
    assert await desk.store.get(good.id) is None
    found = await desk.store.get(kept.id)
    assert found is not None and not found.enabled and found.state.last_status == "ok"
    bad = await desk.jobs.create(at(desk.clock, 10), ALICE)
    desk.runs.failure = GatewayError(ErrorKind.UNAVAILABLE, "nobody there")
    await desk.tick(12)
    found = await desk.store.get(bad.id)
    assert found is not None and not found.enabled and found.state.last_status == "error"
    assert await desk.tick(100, 10) == 0


async def test_a_job_removed_or_turned_off_while_it_runs_comes_to_its_end_and_no_further(desk: Office) -> None:
    desk.runs.answer = None
    desk.settings = CronSettings(max_concurrent_runs=2)
    gone, off = await desk.jobs.create(every(60), ALICE), await desk.jobs.create(every(60), ALICE)
    await desk.look(60)
    await desk.jobs.remove(gone.id, ALICE)
    await desk.jobs.change(off.id, {"enabled": False}, ALICE)
    for run_id in list(desk.runs.states):
        desk.runs.end(run_id, "done")
    await desk.look(600)
    assert sorted(await log_of(desk)) == [("schedule", "ok")] * 2
    assert await desk.store.get(gone.id) is None and (await state_of(desk, off)).next_run_at is None
    assert await desk.look(600) == 0


async def test_by_hand_now_or_only_when_due(desk: Office) -> None:
    desk.runs.answer = None
    job = await desk.jobs.create(every(3600), ALICE)
    assert (await desk.jobs.run(job.id, ALICE, only_due=True)).reason == "not-due"
    planned = (await state_of(desk, job)).next_run_at
    assert (await desk.jobs.run(job.id, ALICE)).run is not None
    assert (await desk.jobs.run(job.id, ALICE)).reason == "already-running"
    await desk.look(1)
    assert (await desk.jobs.run(job.id, ALICE)).reason == "already-running"
    desk.runs.end("run1", "done")
    await desk.look(1)
    assert await log_of(desk, job) == [("manual", "ok")]
    assert (await state_of(desk, job)).next_run_at == planned, "its times stay as they were"


async def test_of_two_who_ask_at_once_one_has_the_job_run(desk: Office) -> None:
    desk.runs.answer = None
    job = await desk.jobs.create(every(3600), ALICE)
    asked = await asyncio.gather(*(desk.jobs.run(job.id, ALICE) for _ in range(5)))
    assert sorted(each.reason for each in asked) == ["", *["already-running"] * 4]
    assert [each.run is not None for each in asked].count(True) == 1
    await desk.look(1)
    desk.runs.end("run1", "done")
    await desk.look(60)
    assert await log_of(desk, job) == [("manual", "ok")]
    assert (await desk.jobs.run(job.id, ALICE)).run is not None


async def test_by_hand_also_while_jobs_do_not_run_by_themselves(desk: Office) -> None:
    desk.settings = CronSettings(enabled=False)
    job = await desk.jobs.create(every(60), ALICE)
    await desk.look(600)
    assert await log_of(desk) == []
    await desk.jobs.run(job.id, ALICE)
    await desk.look(1)
    assert await log_of(desk) == [("manual", "ok")]


async def test_of_two_processes_one_runs_each_time(database: Database, database_url: str, clock: FakeClock) -> None:
    runs = FakeRuns()
    async with (
        open_database(database_url) as other,
        office(database, clock, runs=runs) as here,
        office(other, clock, runs=runs, runner=FakeRunner("there")) as there,
    ):
        here.settings = there.settings = CronSettings(max_concurrent_runs=5)
        made = [await here.jobs.create(every(60), ALICE) for _ in range(5)]
        for _ in range(10):
            clock.advance(60)
            await asyncio.gather(here.scheduler.look(), there.scheduler.look())
            await here.settle()
            await there.settle()
        keys = [order.idempotency_key for order in runs.orders]
        assert len(keys) == len(set(keys)) == 50
        assert {job.id for job in made} == {key.split(":")[1] for key in keys if key}
        found = await here.store.runs(RunFilter(), 500, 0)
        assert len(found) == 50 and {run.status for run in found} == {"ok"}


async def test_what_a_crash_cut_off_is_told_and_not_run_again(database: Database, clock: FakeClock) -> None:
    runs = FakeRuns()
    runs.answer = None
    async with office(database, clock, runs=runs, runner=FakeRunner("dead")) as before:
        job = await before.jobs.create(every(60), ALICE)
        await before.look(60)
        assert len(runs.orders) == 1
    runs.states["run1"].status = "interrupted"
    async with office(database, clock, runs=runs, runner=FakeRunner("next", {"dead"})) as after:
        await after.look(5)
        assert await log_of(after, job) == [("schedule", "interrupted")]
        state = await state_of(after, job)
        assert state.running_at is None and state.consecutive_errors == 0
        runs.answer = lambda _: "done"
        await after.tick(60, 5)
        assert await log_of(after, job) == [("schedule", "interrupted"), ("schedule", "ok")]


async def test_what_a_fault_of_the_database_cut_off_comes_to_its_end(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job would count as running for as long as this process lives, and never run again."""
    job = await desk.jobs.create(every(60), ALICE)
    keep, faults = desk.store.finish, iter([GatewayError(ErrorKind.UNAVAILABLE, "the database is locked")] * 2)

    async def fail(*given: Any) -> Any:
        if (fault := next(faults, None)) is not None:
            raise fault
        return await keep(*given)

    monkeypatch.setattr(desk.store, "finish", fail)
    await desk.look(60)
    await desk.tick(15, 5)
    assert await log_of(desk, job) == [("schedule", "ok")] and (await state_of(desk, job)).running_at is None
    assert len(desk.runs.orders) == 1, "it is not run twice"
    await desk.tick(60, 5)
    assert len(desk.runs.orders) == 2 and (await log_of(desk, job))[-1] == ("schedule", "ok")


async def test_a_turn_that_goes_on_elsewhere_is_waited_for_and_told(database: Database, clock: FakeClock) -> None:
    runs = FakeRuns()
    runs.answer = None
    async with office(database, clock, runs=runs, runner=FakeRunner("dead")) as before:
        job = await before.jobs.create(
            every(3600, delivery={"mode": "announce", "channel": "telegram", "to": "7"}), ALICE
        )
        await before.look(3600)
    async with office(database, clock, runs=runs, runner=FakeRunner("next", {"dead"})) as after:
        await after.look(5)
        runs.end("run1", "all is well")
        await after.look(6)
        assert len(runs.orders) == 1 and await log_of(after, job) == [("schedule", "ok")]
        assert [text for _, text in after.outbound.sent.values()] == ["all is well"]


async def test_a_clock_set_back_runs_nothing_twice_and_waits_for_nothing_far_off(desk: Office) -> None:
    put(desk.clock, "2030-01-01T00:00", "UTC")
    job = await desk.jobs.create(every(60), ALICE)
    await desk.look(60)
    monotonic = desk.clock.time

    def steady() -> float:
        return monotonic

    desk.clock.monotonic = steady  # type: ignore[method-assign]
    put(desk.clock, "2026-01-01T00:00", "UTC")
    await desk.look()
    state = await state_of(desk, job)
    # What it counts from lies ahead now: it keeps its beat all the same.
    assert state.next_run_at <= int(datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC")).timestamp() * 1000) + 60_000
    daily = await desk.jobs.create(cron("0 0 * * *"), ALICE)
    await desk.look(86_400)
    assert await started(desk, daily) == ["01-02 00:00+0000"]
    monotonic += 86_400
    put(desk.clock, "2026-01-01T23:59", "UTC")
    await desk.tick(300, 10)
    assert await started(desk, daily) == ["01-02 00:00+0000"], "that time was had"


async def test_a_clock_set_to_before_a_job_was_made_and_right_again_runs_nothing_more(desk: Office) -> None:
    put(desk.clock, "2026-01-10T12:00", "UTC")
    jobs = [await desk.jobs.create(every(seconds), ALICE) for seconds in (3600, 3 * 86_400)]
    monotonic = desk.clock.time

    def steady() -> float:
        return monotonic

    desk.clock.monotonic = steady  # type: ignore[method-assign]
    for _ in range(2):
        for moment in ("2026-01-06T12:30", "2026-01-10T12:30"):
            put(desk.clock, moment, "UTC")
            await desk.look()
    assert [await started(desk, job) for job in jobs] == [[], []]
    put(desk.clock, "2026-01-10T13:00", "UTC")
    await desk.look(1)
    assert [await started(desk, job) for job in jobs] == [["01-10 13:00+0000"], []]


async def test_the_owner_is_asked_for_at_every_run(desk: Office) -> None:
    job = await desk.jobs.create(every(60), ALICE)
    del desk.keys[ALICE.id]
    await desk.look(60)
    state = await state_of(desk, job)
    assert state.last_status == "error" and state.last_error == Text("cron.owner_gone", {"owner": "key_alice"})
    assert not desk.runs.orders
    desk.keys[ALICE.id] = ALICE
    await desk.look(60)
    assert [order.principal for order in desk.runs.orders] == [ALICE]


async def test_everybody_sees_their_own_jobs_and_whoever_manages_all(desk: Office) -> None:
    job = await desk.jobs.create(every(60), ALICE)
    with pytest.raises(GatewayError) as refused:
        await desk.jobs.get(job.id, BOB)
    assert refused.value.kind is ErrorKind.NOT_FOUND
    for attempt in (
        desk.jobs.remove(job.id, BOB),
        desk.jobs.change(job.id, {"name": "mine"}, BOB),
        desk.jobs.run(job.id, BOB),
    ):
        with pytest.raises(GatewayError) as refused:
            await attempt
        assert refused.value.kind is ErrorKind.NOT_FOUND
    assert (await desk.jobs.change(job.id, {"enabled": False}, BOSS)).owner == ALICE.id
    with pytest.raises(GatewayError) as refused:
        await desk.jobs.change(job.id, {"payload": {"message": "do my will"}}, BOSS)
    assert refused.value.kind is ErrorKind.FORBIDDEN, "nobody speaks in another's name"


async def test_what_agents_make_is_limited(desk: Office) -> None:
    desk.settings = CronSettings(limits=CronLimits(made_per_hour=3, made_per_agent=50, runs_per_hour=2))
    talk, alone = Maker("main"), Maker("main", "", True)
    with pytest.raises(GatewayError) as refused:
        await desk.jobs.create(every(5), ALICE, talk)
    assert refused.value.text.key == "cron.too_short"  # type: ignore[union-attr]
    first = await desk.jobs.create(every(60), ALICE, alone)
    assert first.depth == 1 and first.agent_id == "main"
    with pytest.raises(GatewayError) as refused:
        await desk.jobs.create(every(60), ALICE, Maker("main", first.id, True))
    assert refused.value.kind is ErrorKind.FORBIDDEN
    await desk.jobs.create(every(60), ALICE, talk)
    await desk.jobs.create(every(60), ALICE, talk)
    with pytest.raises(GatewayError) as refused:
        await desk.jobs.create(every(60), ALICE, talk)
    assert refused.value.kind is ErrorKind.RATE_LIMITED
    desk.clock.advance(3601)
    await desk.jobs.create(every(60), ALICE, talk)
    for _ in range(2):
        await desk.jobs.run(first.id, ALICE, maker=talk)
        await desk.look(1)
    with pytest.raises(GatewayError) as refused:
        await desk.jobs.run(first.id, ALICE, maker=talk)
    assert refused.value.kind is ErrorKind.RATE_LIMITED


async def test_words_for_the_main_session_wake_the_agent(desk: Office) -> None:
    await desk.jobs.create(
        {"schedule": {"everyMs": 60_000}, "payload": {"kind": "systemEvent", "text": "stand up"}, "name": "n"}, ALICE
    )
    await desk.look(60)
    assert await desk.events.waiting("agent:main:main") == 1
    assert [agent for agent, _ in desk.hearts.requests] == ["main"]
    taken = await desk.events.take("agent:main:main", "r1")
    assert len(taken) == 1 and taken[0].startswith("System: [2026-01-01 00:01:00 UTC] stand up")


async def test_answers_go_where_the_job_says(desk: Office) -> None:
    announce = {"mode": "announce"}
    job = await desk.jobs.create(every(60, delivery=announce), ALICE)
    await desk.look(60)
    state = await state_of(desk, job)
    assert (state.last_status, state.last_delivery_status) == ("error", "not-delivered"), "there is no route"
    await desk.jobs.change(job.id, {"delivery": {"bestEffort": True}}, ALICE)
    await desk.look(60)
    state = await state_of(desk, job)
    assert (state.last_status, state.last_delivery_status) == ("ok", "not-delivered")
    desk.sessions.add("agent:main:main", Route("telegram", "42"))
    await desk.look(60)
    state = await state_of(desk, job)
    assert (state.last_delivered, state.last_delivery_status) == (True, "delivered")
    assert list(desk.outbound.sent.values()) == [(Route("telegram", "42"), "done")]
    assert any("done" in each for each in await desk.events.take("agent:main:main", "r1"))
    desk.runs.answer = lambda _: "**HEARTBEAT_OK**"
    await desk.look(60)
    assert len(desk.outbound.sent) == 1
    assert (await state_of(desk, job)).last_status == "ok"


@pytest.mark.parametrize(("status", "wanted"), [(200, ("ok", "delivered")), (302, ("error", "not-delivered"))])
async def test_a_webhook_hears_of_the_end(desk: Office, status: int, wanted: tuple[str, str]) -> None:
    desk.transport.status = status
    job = await desk.jobs.create(every(60, delivery={"mode": "webhook", "to": "https://example.com/hook"}), ALICE)
    await desk.look(60)
    call = desk.transport.calls[0]
    assert call.guarded and not call.redirects and call.timeouts.first_byte == 10
    assert b'"action":"finished"' in (call.body or b"") and f'"jobId":"{job.id}"'.encode() in (call.body or b"")
    state = await state_of(desk, job)
    assert (state.last_status, state.last_delivery_status) == wanted


async def test_a_webhook_that_never_ends_its_answer_keeps_no_run_open(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "_READ_SECONDS", 0.0)
    desk.transport.endless = True
    job = await desk.jobs.create(every(60, delivery={"mode": "webhook", "to": "https://example.com/hook"}), ALICE)
    await desk.look(60)
    state = await state_of(desk, job)
    assert (state.last_status, state.last_delivery_status) == ("ok", "delivered"), "it was taken"


async def test_a_key_without_agents_makes_no_jobs(desk: Office) -> None:
    nobody = ALICE.__class__("key_n", "api_key", "n", KEY_DEFAULT - {Permission.AGENTS_USE})
    with pytest.raises(GatewayError) as refused:
        await desk.jobs.create(every(60), nobody)
    assert refused.value.kind is ErrorKind.FORBIDDEN


async def test_the_log_keeps_the_newest(desk: Office) -> None:
    job = await desk.jobs.create(every(60), ALICE)
    await desk.tick(600, 60)
    assert await desk.store.prune(4, 0) == 6
    runs = await desk.store.runs(RunFilter(job_id=job.id), 50, 0)
    assert len(runs) == 4 and runs[0].planned_at == int(desk.clock.now() * 1000)


async def test_what_went_wrong_is_told_in_the_language_of_whoever_reads_it(desk: Office) -> None:
    """Words of ours are kept so that each reader has them in their own; a provider's stay as they came."""
    desk.runs.answer = None
    job = await desk.jobs.create(every(60), ALICE)
    errors: list[tuple[str | None, Text | None]] = [
        ("No model is set.", Text("cron.waits_for_tools")),
        ("nobody there", None),
        ('{"words":{"key":"cron.stale"},"en":""}', None),
    ]
    for number, (error, words) in enumerate(errors, 1):
        await desk.look(3601)
        assert desk.runs.orders[-1].language == "zh"
        desk.runs.end(f"run{number}", "", "failed", error, words)
        await desk.settle()
        state = (await desk.jobs.get(job.id, ALICE)).state
        run = (await desk.store.runs(RunFilter(job_id=job.id), 1, 0))[0]
        assert state.last_error == run.error == (words or error)
    desk.keys.clear()
    await desk.look(3601)
    runs = await desk.store.runs(RunFilter(job_id=job.id), 9, 0)
    assert write_run(runs[0])["error"].startswith("The key 'key_alice'")
    assert write_run(runs[0], "zh")["error"].startswith("此任务所属的密钥“key_alice”")
    assert write_run(runs[-1], "zh")["error"] == "智能体在等待此处无人运行的工具。"
    told = write_job(await desk.jobs.get(job.id, BOSS), "zh")
    assert told["state"]["lastError"].startswith("此任务所属的密钥“key_alice”")
    found = await desk.store.runs(RunFilter(job_id=job.id, search="waits for a tool"), 9, 0)
    assert [run.error for run in found] == [Text("cron.waits_for_tools")]
