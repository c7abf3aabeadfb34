"""What happens between two steps: an answer that is finished while its beginning leaves, somebody who writes while something is
parked, a fault between what is asked and what is told."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

import pytest

from crawdad.core.channels import Account, Channel, Chat, Quota
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import TextPart
from crawdad.core.sessions import Route
from tests.channels.lasting_runs import LastingRuns
from tests.support.channel_stage import TOKEN, Stage, channel_stage
from tests.support.memory_channel import CAPABILITIES, Platform, memory_kind
from tests.support.waiting import until

BLOCK: dict[str, Any] = {"token": TOKEN, "allowFrom": ["u1"]}
WHOLE = "a beginning that is long enough, and then the end of it"


def open_stage(
    database_url: str, runs: LastingRuns, settings: dict[str, Any] | None = None, **more: Any
) -> AbstractAsyncContextManager[Stage]:
    return channel_stage(database_url, {"memory": {**BLOCK, **(settings or {})}}, runs=lambda *_: runs, **more)


async def running(stage: Stage, runs: LastingRuns) -> tuple[str, str]:
    """A message whose run goes on: the event and the run."""
    await stage.connected()
    event = stage.platform.say("hang")["id"]
    await stage.until(lambda: runs.orders)
    return event, "run-1"


async def state_of(stage: Stage, event: str) -> str:
    delivery = await stage.delivery(event)
    return delivery.state if delivery is not None else ""


async def part_state(stage: Stage, event: str) -> str:
    delivery = await stage.delivery(event)
    return delivery.parts[0].state if delivery is not None and delivery.parts else ""


async def test_an_answer_that_is_finished_while_its_beginning_is_taken_up_is_said_whole(database_url: str) -> None:
    runs = LastingRuns()
    async with open_stage(database_url, runs, {"streaming": "partial"}) as stage:
        event, run = await running(stage, runs)
        get = stage.world.chats.get
        finished: list[str] = []

        async def slow(account: Account, lane: str) -> Any:
            """The sender has read the part, and the run ends before it is marked."""
            if not finished:
                finished.append(run)
                runs.release(run, WHOLE)

                async def is_open() -> bool:
                    return await state_of(stage, event) == "open"

                await until(is_open)
            return await get(account, lane)

        stage.world.chats.get = slow  # type: ignore[method-assign]
        runs.grow(run, WHOLE[:30])
        assert await stage.done(event) == "answered"
        await stage.until(lambda: stage.platform.texts() == [WHOLE])


async def test_an_answer_whose_beginning_leaves_while_it_is_finished_is_said_whole(database_url: str) -> None:
    runs = LastingRuns()
    async with open_stage(database_url, runs, {"streaming": "partial"}) as stage:
        event, run = await running(stage, runs)
        get, grow = stage.world.chats.get, stage.world.outbox.grow
        may_leave, stage.platform.phone().gate = asyncio.Event(), asyncio.Event()

        async def held(account: Account, lane: str) -> Any:
            await may_leave.wait()
            return await get(account, lane)

        async def late(*arguments: Any, **more: Any) -> Any:
            """Whoever finishes has seen the part waiting, and now it leaves."""
            may_leave.set()

            async def leaves() -> bool:
                return await part_state(stage, event) != "waiting"

            await until(leaves)
            try:
                return await grow(*arguments, **more)
            finally:
                gate = stage.platform.phone().gate
                assert gate is not None
                gate.set()

        stage.world.chats.get = held  # type: ignore[method-assign]
        stage.world.outbox.grow = late  # type: ignore[method-assign]
        runs.grow(run, WHOLE[:30])

        async def waits() -> bool:
            return await part_state(stage, event) == "waiting"

        await until(waits)
        runs.release(run, WHOLE)
        assert await stage.done(event) == "answered"
        await stage.until(lambda: stage.platform.texts() == [WHOLE])


async def test_what_was_not_shown_yet_is_not_shown_once_there_is_nothing_to_be_said(database_url: str) -> None:
    runs = LastingRuns()
    async with open_stage(database_url, runs, {"streaming": "partial"}) as stage:
        event, run = await running(stage, runs)
        stage.platform.fail("rate_limited", retry_after=60.0)
        runs.grow(run, "thinking aloud about what to say")

        async def waits() -> bool:
            delivery = await stage.delivery(event)
            return delivery is not None and bool(delivery.error)

        await until(waits)
        runs.release(run, "NO_REPLY")
        assert await stage.done(event) == "silent"
        last = stage.platform.say("say last")["id"]
        assert await stage.done(last) == "answered"
        stage.clock.advance(61)
        await stage.until(lambda: stage.platform.texts() == ["last"])


async def test_an_answer_that_is_said_beyond_the_quota_is_parked_whole(database_url: str) -> None:
    platform, runs = Platform(), LastingRuns()
    block = {"mode": "block", "block": {"coalesce": {"minChars": 10, "maxChars": 60}}}
    kind = memory_kind(platform, replace(CAPABILITIES, quota=Quota(None, 3600)))
    async with open_stage(database_url, runs, {"streaming": block}, platform=platform, kinds=[kind]) as stage:
        event, run = await running(stage, runs)
        stage.clock.advance(3601)  # the run takes longer than the platform listens
        runs.grow(run, "First paragraph.\n\nSecond")

        async def refused() -> bool:
            delivery = await stage.delivery(event)
            return delivery is not None and "hour" in delivery.error

        await until(refused)
        runs.release(run, "First paragraph.\n\nSecond one")
        assert await stage.done(event) == "answered"

        async def parked() -> bool:
            stage.clock.advance(1)
            return await state_of(stage, event) == "parked"

        await until(parked)
        platform.say("/whoami")
        await stage.until(lambda: platform.texts()[:2] == ["First paragraph.", "Second one"])


async def test_what_is_parked_while_somebody_writes_goes_out(database_url: str) -> None:
    platform = Platform()
    kind = memory_kind(platform, replace(CAPABILITIES, quota=Quota(1, None)))
    async with channel_stage(database_url, {"memory": BLOCK}, kinds=[kind], platform=platform) as stage:
        assert await stage.done(platform.say("say 1")["id"]) == "answered"
        await stage.until(lambda: platform.texts() == ["1"])
        mark, written = stage.world.outbox.mark, asyncio.Event()

        async def slow(delivery_id: str, now: float, **values: Any) -> None:
            if values.get("state") == "parked" and not written.is_set():
                written.set()
                assert await stage.done(platform.say("(silence)", type="edit")["id"]) == "kind"
                await stage.world.chats.heard(stage.account(), Chat("direct", "u1"), {}, stage.clock.now())
                await stage.running().sending.unpark("direct:u1")
            await mark(delivery_id, now, **values)

        stage.world.outbox.mark = slow  # type: ignore[method-assign]
        await stage.outbound.send(Route("memory", "u1"), [TextPart("2")], key="2")
        assert written.is_set()
        await stage.until(lambda: platform.texts() == ["1", "2"])  # not only when somebody writes once more


async def test_a_code_is_told_also_where_a_fault_came_between(database_url: str) -> None:
    async with channel_stage(database_url, {"memory": BLOCK}) as stage:
        await stage.connected()
        put, faults = stage.world.outbox.put, [1]

        async def faulty(*arguments: Any) -> Any:
            if faults:
                faults.pop()
                raise GatewayError(ErrorKind.UNAVAILABLE, "no database")
            return await put(*arguments)

        stage.world.outbox.put = faulty  # type: ignore[method-assign, assignment]
        event = stage.platform.say("let me in", sender="stranger")["id"]

        async def done() -> bool:
            stage.clock.advance(5)
            found = await stage.event(event)
            return found is not None and found.state == "done"

        await until(done)
        (request,) = await stage.world.pairing.waiting()
        await stage.until(lambda: len(stage.platform.texts("stranger")) == 1)
        assert request.code in stage.platform.texts("stranger")[0]
        assert await stage.done(stage.platform.say("hello?", sender="stranger")["id"]) == "pairing"
        assert await stage.done(stage.platform.say("say more")["id"]) == "answered"
        assert len(stage.platform.texts("stranger")) == 1, "and told once"


async def test_an_error_is_told_also_where_a_fault_came_between(database_url: str) -> None:
    runs = LastingRuns()
    async with open_stage(database_url, runs) as stage:
        event, run = await running(stage, runs)
        put, faults = stage.world.outbox.put, [1]

        async def faulty(*arguments: Any) -> Any:
            if faults:
                faults.pop()
                raise GatewayError(ErrorKind.UNAVAILABLE, "no database")
            return await put(*arguments)

        stage.world.outbox.put = faulty  # type: ignore[method-assign, assignment]
        runs.release(run, "", "failed", "no model")

        async def done() -> bool:
            stage.clock.advance(5)
            found = await stage.event(event)
            return found is not None and found.state == "done"

        await until(done)
        await stage.until(lambda: len(stage.platform.texts()) == 1)
        assert "no model" in stage.platform.texts()[0]


@pytest.mark.parametrize("fault", [KeyError("a bug"), GatewayError(ErrorKind.UPSTREAM_BROKEN, "cut")])
async def test_a_glimpse_that_fails_does_not_cost_the_answer(database_url: str, fault: Exception) -> None:
    runs = LastingRuns()
    async with open_stage(database_url, runs, {"streaming": "partial"}) as stage:
        event, run = await running(stage, runs)
        channel: Channel = stage.running().desk.channel
        edit, tried = channel.edit, []

        async def faulty(chat: Chat, message_id: str, text: str, *, final: bool) -> None:
            tried.append(text)
            if not final:
                raise fault
            await edit(chat, message_id, text, final=final)

        channel.edit = faulty  # type: ignore[method-assign]
        runs.grow(run, WHOLE[:30])

        async def has_receipt() -> bool:
            return await part_state(stage, event) == "sent"

        await until(has_receipt)
        runs.grow(run, WHOLE[30:])
        await stage.until(lambda: tried)
        runs.release(run, WHOLE)
        assert await stage.done(event) == "answered"
        await stage.until(lambda: stage.platform.texts() == [WHOLE])


async def test_an_edit_that_fails_is_tried_ever_more_slowly(database_url: str) -> None:
    runs = LastingRuns()
    async with open_stage(database_url, runs, {"streaming": "partial"}) as stage:
        event, run = await running(stage, runs)
        runs.grow(run, WHOLE[:30])

        async def has_receipt() -> bool:
            return await part_state(stage, event) == "sent"

        await until(has_receipt)
        waits: list[float] = []
        mark = stage.world.outbox.mark

        async def noted(delivery_id: str, now: float, **values: Any) -> None:
            if "ready_at" in values:
                waits.append(values["ready_at"] - now)
            await mark(delivery_id, now, **values)

        async def cut(*arguments: Any, **more: Any) -> None:
            raise GatewayError(ErrorKind.UPSTREAM_BROKEN, "cut")

        stage.world.outbox.mark = noted  # type: ignore[method-assign]
        stage.running().desk.channel.edit = cut  # type: ignore[method-assign]
        runs.release(run, WHOLE)

        for count in range(1, 5):
            await stage.until(lambda count=count: len(waits) >= count)  # type: ignore[misc]
            stage.clock.advance(waits[-1])
        assert waits[3] > 4 > waits[0]
