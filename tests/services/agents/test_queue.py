"""Messages that come while a session is busy; processes that share a database; turns that a restart cuts off."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from crawdad.adapters.system import SystemClock
from crawdad.core.agents import RunState
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import TextPart, ToolResultPart
from crawdad.core.sessions import NewLogEvent, Route
from crawdad.services.agents.transcript import result_line, role_of
from crawdad.store.cluster import Cluster
from crawdad.store.inprocess import InProcessBus, InProcessLeases, InProcessRateCounter
from tests.services.agents.tools import Endless, Gated
from tests.support.agent_stage import GUEST, KEY, FakeRunner, FakeSkills, FakeTool, Stage, config, stage
from tests.support.scripted_model import Hold, ScriptedModel, calls, last_text, says
from tests.support.services import ManualClock
from tests.support.waiting import PATIENCE

CHAT = {"origin": "channel", "channel": "chat", "route": Route("chat", "42")}


def _queue(**more: Any) -> dict[str, Any]:
    return {"messages": {"queue": {"debounceMs": 0, **more}}}


class WrongClock(SystemClock):
    """Its wall clock is `wrong` by so many seconds."""

    wrong = 0.0

    def now(self) -> float:
        return super().now() + self.wrong


async def _ended(agents: Stage, *runs: str) -> list[RunState]:
    return [await agents.agents.runs.wait(run_id, PATIENCE) for run_id in runs]


async def test_one_turn_at_a_time_and_each_its_own_answer(tmp_path: Path) -> None:
    tool = Gated("look")
    with ScriptedModel(calls(("look", {})), says("One."), says("Two."), says("Three.")) as model:
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider()), tools=[tool]) as agents:
            first = await agents.order("first")
            await asyncio.wait_for(tool.started.wait(), PATIENCE)
            second, third = await agents.order("second"), await agents.order("third")
            active = await agents.agents.runs.active(KEY)
            assert [(run.id, run.status) for run in active] == [
                *((first, "running"), (second, "queued"), (third, "queued")),
            ]
            elsewhere = await agents.order("elsewhere", session_key="agent:main:other")
            assert (await _ended(agents, elsewhere))[0].text == "One."
            tool.gate.set()
            assert [state.text for state in await _ended(agents, first, second, third)] == ["Two.", "Three.", "Three."]


async def test_no_more_are_at_work_than_may_be_although_all_come_at_once(tmp_path: Path) -> None:
    tool = Gated("look")
    with ScriptedModel(*[calls(("look", {}))] * 2, *[says("Done.")] * 8) as model:
        settings = config(model.provider(), {"maxConcurrent": 2})
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, settings, tools=[tool]) as agents:
            keys = [f"agent:main:s{number}" for number in range(6)]
            runs = await asyncio.gather(*(agents.order("Go", session_key=key) for key in keys))
            assert len(agents.agents.lanes.at_work) == 2
            tool.gate.set()
            assert [state.text for state in await _ended(agents, *runs)] == ["Done."] * 6


async def test_messages_of_a_chat_are_answered_together(tmp_path: Path) -> None:
    tool = Gated("look")
    with ScriptedModel(calls(("look", {})), says("One."), says("Both.")) as model:
        settings = config(model.provider(), **_queue())
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, settings, tools=[tool]) as agents:
            first = await agents.order("first", **CHAT)
            await asyncio.wait_for(tool.started.wait(), PATIENCE)
            second, third = await agents.order("second", **CHAT), await agents.order("third", **CHAT)
            other = await agents.order("from another", **{**CHAT, "principal": GUEST})
            tool.gate.set()
            states = await _ended(agents, first, second, third, other)
            assert [state.text for state in states] == ["One.", "Both.", "Both.", "Both."]
            assert states[2].usage.input_tokens is None and states[1].usage.input_tokens == 25
            assert [e.data["phase"] for e in await agents.story(third)] == ["end"]
    assert "#1second\n#2third" in last_text(model.asked[2]) and last_text(model.asked[3]) == "from another"


async def test_a_clock_that_is_set_back_keeps_no_message_waiting(tmp_path: Path) -> None:
    tool, clock = Gated("look"), WrongClock()
    with ScriptedModel(calls(("look", {})), says("One."), says("Two.")) as model:
        settings = config(model.provider())
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, settings, tools=[tool], clock=clock) as agents:
            first = await agents.order("first", **CHAT)
            await asyncio.wait_for(tool.started.wait(), PATIENCE)
            second = await agents.order("second", **CHAT)
            clock.wrong = -8 * 3600.0
            tool.gate.set()
            assert [state.text for state in await _ended(agents, first, second)] == ["One.", "Two."]


async def test_a_message_steers_the_running_turn(tmp_path: Path) -> None:
    tool = Gated("look")
    with ScriptedModel(calls(("look", {})), says("Steered."), says("Again.")) as model:
        settings = config(model.provider(), **_queue(mode="steer"))
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, settings, tools=[tool]) as agents:
            first = await agents.order("first", **CHAT)
            await asyncio.wait_for(tool.started.wait(), PATIENCE)
            second = await agents.order("rather this", **CHAT)
            third = await agents.order("and that", **CHAT, queue_mode="steer-backlog")
            tool.gate.set()
            states = await _ended(agents, first, second, third)
            assert [state.text for state in states] == ["Steered.", "Steered.", "Again."]
    roles = [m["role"] for m in model.asked[1]["messages"]]
    assert roles[:4] == ["system", "user", "assistant", "tool"] and set(roles[4:]) == {"user"}
    assert "rather this" in str(model.asked[1]["messages"][4:]) and "and that" in str(model.asked[1]["messages"][4:])


async def test_a_message_interrupts_the_running_turn(tmp_path: Path) -> None:
    tool = Endless("look")
    with ScriptedModel(calls(("look", {})), says("New.")) as model:
        settings = config(model.provider(), **_queue(mode="interrupt"))
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, settings, tools=[tool]) as agents:
            first = await agents.order("first", **CHAT)
            await asyncio.wait_for(tool.started.wait(), PATIENCE)
            second = await agents.order("second", **CHAT)
            states = await _ended(agents, first, second)
            assert [state.status for state in states] == ["cancelled", "completed"]


async def test_too_many_messages(tmp_path: Path) -> None:
    tool = Gated("look")
    with ScriptedModel(calls(("look", {})), says("Done.")) as model:
        settings = config(model.provider(), **_queue(cap=2, drop="summarize"))
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, settings, tools=[tool]) as agents:
            first = await agents.order("first", **CHAT)
            await asyncio.wait_for(tool.started.wait(), PATIENCE)
            waiting = [await agents.order(f"message {n}", **CHAT) for n in range(4)]
            tool.gate.set()
            states = await _ended(agents, first, *waiting)
            assert [state.stop_reason for state in states] == ["stop", "dropped", "dropped", "stop", "stop"]
    assert "- message 0" in last_text(model.asked[2]) and "message 3" in last_text(model.asked[2])


async def test_new_messages_may_be_refused(tmp_path: Path) -> None:
    tool = Gated("look")
    with ScriptedModel(calls(("look", {})), says("Done.")) as model:
        settings = config(model.provider(), **_queue(cap=1, drop="new"))
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, settings, tools=[tool]) as agents:
            first = await agents.order("first", **CHAT)
            await asyncio.wait_for(tool.started.wait(), PATIENCE)
            second = await agents.order("second", **CHAT)
            with pytest.raises(GatewayError) as raised:
                await agents.order("third", **CHAT)
            assert raised.value.kind is ErrorKind.UNAVAILABLE
            tool.gate.set()
            assert [state.text for state in await _ended(agents, first, second)] == ["Done.", "Done."]


async def test_what_waits_can_be_cancelled(tmp_path: Path) -> None:
    tool = Gated("look")
    with ScriptedModel(calls(("look", {})), says("Done.")) as model:
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider()), tools=[tool]) as agents:
            first = await agents.order("first")
            await asyncio.wait_for(tool.started.wait(), PATIENCE)
            second = await agents.order("second")
            assert await agents.agents.runs.cancel(second)
            assert [e.data["status"] for e in await agents.story(second)] == ["cancelled"]
            tool.gate.set()
            assert [state.status for state in await _ended(agents, first, second)] == ["completed", "cancelled"]
    assert len(model.asked) == 2


async def test_the_same_key_is_the_same_run(tmp_path: Path) -> None:
    with ScriptedModel(says("Done.")) as model:
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider())) as agents:
            runs = await asyncio.gather(*(agents.order("once", idempotency_key="k") for _ in range(5)))
            assert len(set(runs)) == 1
            assert (await _ended(agents, runs[0]))[0].text == "Done."
            assert await agents.order("once", idempotency_key="k") == runs[0]
            assert await agents.order("once", idempotency_key="k", principal=GUEST) != runs[0]
            assert await agents.order("once", idempotency_key="k2") != runs[0]


async def test_only_so_many_turns_at_once(tmp_path: Path) -> None:
    tool = Gated("look")
    with ScriptedModel(calls(("look", {})), says("Done.")) as model:
        settings = config(model.provider(), {"maxConcurrent": 1})
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, settings, tools=[tool]) as agents:
            first = await agents.order("first")
            await asyncio.wait_for(tool.started.wait(), PATIENCE)
            second = await agents.order("second", session_key="agent:main:other")
            state = await agents.agents.runs.look(second)
            assert state is not None and state.status == "queued"
            tool.gate.set()
            assert [one.text for one in await _ended(agents, first, second)] == ["Done.", "Done."]


async def test_two_processes_share_sessions(database_url: str, tmp_path: Path) -> None:
    tool = Gated("look")
    with ScriptedModel(calls(("look", {})), says("One."), says("Two.")) as model:
        async with AsyncExitStack() as stack:
            clock = ManualClock()
            shared = Cluster(InProcessBus(), InProcessLeases(clock), InProcessRateCounter(clock))
            here, there = [
                await stack.enter_async_context(
                    stage(
                        database_url,
                        tmp_path,
                        config(model.provider()),
                        tools=[tool],
                        runner=FakeRunner(name),
                        cluster=shared,
                    )
                )
                for name in ("here", "there")
            ]
            key = f"agent:main:{tmp_path.name}"
            first = await here.order("first", session_key=key)
            await asyncio.wait_for(tool.started.wait(), PATIENCE)
            second = await there.order("second", session_key=key)
            states = [run.status for run in await there.agents.runs.active(key)]
            assert states == ["running", "queued"]
            following = [event async for event in _until(there.agents.runs.follow(first), "tool")]
            assert following[-1].kind == "tool"
            tool.gate.set()
            assert [state.text for state in await _ended(there, first, second)] == ["One.", "Two."]
            assert (await there.story(first))[-1].data["phase"] == "end"
            held = Hold(says("Long speech"), after=3)
            model.then(held)
            third = await here.order("third", session_key=key)
            await asyncio.to_thread(held.reached.wait, PATIENCE)
            assert await there.agents.runs.cancel(third)
            assert (await _ended(there, third))[0].status == "cancelled"
            held.gate.set()


async def _until(events: Any, kind: str) -> Any:
    async for event in events:
        yield event
        if event.kind == kind:
            return


async def _cut_off(tmp_path: Path, model: ScriptedModel, tool: Endless) -> tuple[str, str]:
    """Begin a turn and a message that waits behind it, and let the process end in the middle of a tool."""
    async with stage(
        f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider()), tools=[tool], runner=FakeRunner("dead")
    ) as agents:
        first = await agents.order("first")
        await asyncio.wait_for(tool.started.wait(), PATIENCE)
        return first, await agents.order("second")


async def test_a_turn_goes_on_after_a_restart(tmp_path: Path) -> None:
    with ScriptedModel(calls(("look", {})), says("Looked."), says("Second.")) as model:
        first, second = await _cut_off(tmp_path, model, Endless("look", independent=True))
        alive = FakeRunner("alive", {"dead"})
        tool = FakeTool("look", "seen")
        async with stage(
            f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider()), tools=[tool], runner=alive
        ) as agents:
            states = await _ended(agents, first, second)
            assert [state.text for state in states] == ["Looked.", "Second."]
            assert [e.data.get("resumed") for e in await agents.story(first) if e.kind == "lifecycle"] == [
                None,
                True,
                None,
            ]
    assert len(tool.calls) == 1 and len(model.asked) == 3
    assert [m["role"] for m in model.asked[1]["messages"]] == ["system", "user", "assistant", "tool"]


async def test_what_may_have_happened_does_not_happen_twice(tmp_path: Path) -> None:
    with ScriptedModel(calls(("send", {})), says("Second.")) as model:
        first, second = await _cut_off(tmp_path, model, Endless("send", independent=False))
        alive = FakeRunner("alive", {"dead"})
        tool = FakeTool("send", "sent", independent=False)
        async with stage(
            f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider()), tools=[tool], runner=alive
        ) as agents:
            states = await _ended(agents, first, second)
            assert [state.status for state in states] == ["interrupted", "completed"]
            assert "restart" in str(states[0].error)
            entry = await agents.sessions.get(KEY)
            assert entry is not None
            assert "interrupted" in [event.kind for event in await agents.sessions.view(entry.session_id)]
    assert tool.calls == []
    told = [m for m in model.asked[-1]["messages"] if m["role"] == "tool"]
    assert "may or may not have taken effect" in str(told[0]["content"])


async def test_a_turn_that_ended_is_not_taken_again(tmp_path: Path) -> None:
    """The answer was in the log, but that the run had ended could not be kept any more."""
    with ScriptedModel(says("Done.")) as model:
        async with stage(
            f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider()), runner=FakeRunner("dead")
        ) as agents:
            first = await agents.order("first")
            await _ended(agents, first)
            await _undo_end(agents, first)
        async with stage(
            f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider()), runner=FakeRunner("alive", {"dead"})
        ) as agents:
            assert [(state.status, state.text) for state in await _ended(agents, first)] == [("completed", "Done.")]
    assert len(model.asked) == 1


@pytest.mark.parametrize("kept", [False, True], ids=["before the result", "behind the result"])
async def test_a_command_that_was_cut_off_goes_on_without_a_model(tmp_path: Path, kept: bool) -> None:
    url, skills = f"sqlite:///{tmp_path}/db", FakeSkills(command_tool="term")
    slow, quick = Endless("term", independent=True), FakeTool("term", "ran")
    with ScriptedModel(says("Never asked.")) as model:
        settings = config(model.provider())
        async with stage(url, tmp_path, settings, tools=[slow], runner=FakeRunner("dead"), skills=skills) as agents:
            run_id = await agents.order("/term ls")
            await asyncio.wait_for(slow.started.wait(), PATIENCE)
        if kept:
            async with stage(url, tmp_path, settings, runner=FakeRunner("between")) as agents:
                entry = await agents.sessions.get(KEY)
                assert entry is not None
                call = f"call_{run_id[-12:]}_0"
                line = result_line(ToolResultPart(call, [TextPart("ran before")], "term"))
                await agents.sessions.append(entry, [NewLogEvent("message", line, run_id)])
        alive = FakeRunner("alive", {"dead"})
        async with stage(url, tmp_path, settings, tools=[quick], runner=alive, skills=skills) as agents:
            (state,) = await _ended(agents, run_id)
            entry = await agents.sessions.get(KEY)
            assert entry is not None
            view = await agents.sessions.view(entry.session_id)
    assert (state.status, state.text) == ("completed", "ran before" if kept else "ran") and model.asked == []
    assert [call["command"] for call in quick.calls] == ([] if kept else ["ls"])
    assert [role_of(event) for event in view if event.kind == "message"] == ["user", "assistant", "tool", "assistant"]


async def _undo_end(agents: Stage, run_id: str) -> None:
    assert await agents.agents.store.change(
        run_id, {"status": "running", "runner": "dead", "text": "", "ended_at": None}, only_from="completed"
    )
