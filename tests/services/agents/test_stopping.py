"""Turns that are stopped: by somebody, by the clock, by a model that fails; other models, and conversations too long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from crawdad.core.agents import RunEvent, RunState
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.happenings import LAGGED, Event
from crawdad.core.parts import JsonObject, TextPart, ToolCallPart, ToolResultPart
from crawdad.core.sessions import LogEvent, NewLogEvent, SessionEntry
from crawdad.core.tools import ToolContext, ToolOutcome
from crawdad.services.agents import recorder
from crawdad.services.agents.run_news import CHAT_NEWS
from crawdad.services.agents.runs import Runs
from crawdad.services.agents.transcript import role_of
from crawdad.services.agents.view import messages_of
from crawdad.store.runs import StoredRun
from tests.services.agents.tools import Endless
from tests.support.agent_stage import KEY, FakeRunner, FakeTool, Stage, config, stage
from tests.support.scripted_model import Fail, Hold, Script, ScriptedModel, calls, last_text, says
from tests.support.upstreams.stories import Tokens
from tests.support.waiting import PATIENCE, until


async def _lines(agents: Stage) -> list[str]:
    entry = await agents.sessions.get(KEY)
    assert entry is not None
    return [role_of(event) or event.kind for event in await agents.sessions.view(entry.session_id)]


async def test_cancelling_a_tool(tmp_path: Path) -> None:
    tool = Endless("wait", independent=False)
    with ScriptedModel(calls(("wait", {}), ("wait", {"second": True})), says("After all.")) as model:
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider()), tools=[tool]) as agents:
            run_id = await agents.order("Go")
            await asyncio.wait_for(tool.started.wait(), PATIENCE)
            assert await agents.agents.runs.cancel(run_id)
            assert tool.cancelled.is_set() and len(tool.calls) == 1
            state = await agents.agents.runs.look(run_id)
            assert state is not None
            assert (state.status, state.stop_reason, state.error_kind) == ("cancelled", "cancelled", "cancelled")
            assert not await agents.agents.runs.cancel(run_id)
            assert await _lines(agents) == ["user", "assistant", "tool_started", "tool", "tool"]
            entry = await agents.sessions.get(KEY)
            assert entry is not None and entry.aborted
            state = await agents.take("And now?")
            assert state.text == "After all."
    assert [m["role"] for m in model.asked[-1]["messages"]] == ["system", "user", "assistant", "tool", "tool", "user"]


async def test_whoever_cancels_twice_does_not_keep_the_turn_from_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = Endless("wait", independent=False)
    reached, gate = asyncio.Event(), asyncio.Event()
    with ScriptedModel(calls(("wait", {})), says("After all.")) as model:
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider()), tools=[tool]) as agents:
            append, runs = agents.sessions.append, agents.agents.runs

            async def slow(entry: SessionEntry, events: Sequence[NewLogEvent]) -> list[LogEvent]:
                reached.set()
                await gate.wait()
                return await append(entry, events)

            run_id = await agents.order("Go")
            await asyncio.wait_for(tool.started.wait(), PATIENCE)
            monkeypatch.setattr(agents.sessions, "append", slow)
            first = asyncio.get_running_loop().create_task(runs.cancel(run_id))
            await asyncio.wait_for(reached.wait(), PATIENCE)  # its end is being written
            second = asyncio.get_running_loop().create_task(runs.cancel(run_id))
            await until(lambda: _waits(second))
            gate.set()
            assert await asyncio.wait_for(first, PATIENCE) and await asyncio.wait_for(second, PATIENCE)
            state = await runs.look(run_id)
            assert state is not None and state.status == "cancelled"
            assert (await agents.take("And now?")).text == "After all.", "the session is free"


async def _waits(task: asyncio.Task[bool]) -> bool:
    """Whether it has come as far as waiting for the end of the turn."""
    return any(frame.f_code.co_name == "cancel" for frame in task.get_stack()) and not task.done()


async def test_a_turn_that_fails_comes_to_its_end_although_it_is_cancelled_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, gate = asyncio.Event(), asyncio.Event()
    with ScriptedModel(Fail(400, "bad schema"), says("After all.")) as model:
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider())) as agents:
            count, runs = agents.sessions.count, agents.agents.runs

            async def slow(*given: Any, **more: Any) -> None:
                reached.set()
                await gate.wait()
                await count(*given, **more)

            monkeypatch.setattr(agents.sessions, "count", slow)
            run_id = await agents.order("Go")
            await asyncio.wait_for(reached.wait(), PATIENCE)
            stopped = asyncio.get_running_loop().create_task(runs.cancel(run_id))
            await until(lambda: _waits(stopped))
            gate.set()
            assert not await asyncio.wait_for(stopped, PATIENCE), "it failed by itself"
            state = await runs.look(run_id)
            assert state is not None and state.status == "failed" and "bad schema" in str(state.error)
            assert (await agents.take("And now?")).text == "After all."


async def test_whoever_leaves_while_a_turn_is_begun_leaves_the_session_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that goes away in the moment in which its order is kept."""
    reached, gate = asyncio.Event(), asyncio.Event()
    with ScriptedModel(says("Here I am.")) as model:
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider())) as agents:
            store = agents.agents.store
            for name in ("begin", "claim"):
                monkeypatch.setattr(store, name, _held(getattr(store, name), reached, gate))
            asking = asyncio.get_running_loop().create_task(agents.order("Go"))
            await asyncio.wait_for(reached.wait(), PATIENCE)
            asking.cancel()
            gate.set()
            await asyncio.wait({asking})
            assert asking.cancelled()
            assert (await agents.take("Who is there?")).text == "Here I am."
            gate.clear()
            reached.clear()
            asking = asyncio.get_running_loop().create_task(agents.order("Go", idempotency_key="one"))
            await asyncio.wait_for(reached.wait(), PATIENCE)
            asking.cancel()
            gate.set()
            await asyncio.wait({asking})
            run_id = await agents.order("Go", idempotency_key="one")
            assert (await agents.agents.runs.wait(run_id, PATIENCE)).text == "Here I am.", "it can be come back for"


async def test_whoever_leaves_while_a_waiting_turn_is_begun_leaves_the_session_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, gate = asyncio.Event(), asyncio.Event()
    with ScriptedModel(says("Here I am.")) as model:
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider())) as agents:
            store = agents.agents.store

            async def busy(_: object) -> bool:
                return False  # the turn that was at work ends in this moment

            monkeypatch.setattr(store, "claim", _held(store.claim, reached, gate))
            with monkeypatch.context() as taken:
                taken.setattr(store, "begin", busy)
                asking = asyncio.get_running_loop().create_task(agents.order("Go"))
                await asyncio.wait_for(reached.wait(), PATIENCE)
            asking.cancel()
            gate.set()
            await asyncio.wait({asking})
            assert (await agents.take("Who is there?")).text == "Here I am."


def _held(
    step: Callable[..., Awaitable[Any]], reached: asyncio.Event, gate: asyncio.Event
) -> Callable[..., Awaitable[Any]]:
    """The step, which has been taken when it is `reached`, and returns when the gate is open."""

    async def held(*given: Any) -> Any:
        found = await step(*given)
        reached.set()
        await gate.wait()
        return found

    return held


async def test_a_turn_that_was_kept_and_is_nobodys_is_taken_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database has kept that it began, and could not say so."""
    with ScriptedModel(says("Here I am.")) as model:
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider())) as agents:
            store, begin = agents.agents.store, agents.agents.store.begin

            async def unheard(run: StoredRun) -> bool:
                await begin(run)
                raise GatewayError(ErrorKind.UNAVAILABLE, "the connection broke", {"code": "database"})

            with monkeypatch.context() as broken:
                broken.setattr(store, "begin", unheard)
                with pytest.raises(GatewayError, match="broke"):
                    await agents.order("Go")
            (lost,) = await agents.agents.runs.active(KEY)
            assert [await agents.agents.lanes.recover() for _ in range(3)] == [0, 1, 0]
            assert (await agents.agents.runs.wait(lost.id, PATIENCE)).text == "Here I am."
            assert (await agents.take("Who is there?")).text == "Here I am."


async def test_why_a_turn_was_stopped_is_told_however_late_its_end_is_heard_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool, gate = Endless("wait"), asyncio.Event()
    with ScriptedModel(calls(("wait", {}))) as model:
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider()), tools=[tool]) as agents:
            runs, news = agents.agents.runs, agents.agents.news
            follow = runs.follow

            async def late(run_id: str, after: int = 0) -> AsyncIterator[RunEvent]:
                async for event in follow(run_id, after):
                    if event.kind == "lifecycle" and event.data["phase"] == "error":
                        await gate.wait()
                    yield event

            monkeypatch.setattr(runs, "follow", late)
            heard = agents.cluster.bus.subscribe([CHAT_NEWS])
            run_id = await agents.order("Go")
            await asyncio.wait_for(tool.started.wait(), PATIENCE)
            waiting = await agents.order("And then?")
            news.stopped_by |= {run_id: "stop", waiting: "stop"}
            assert set(await runs.cancel_session(KEY)) == {run_id, waiting}
            gate.set()
            reasons: dict[str, str] = {}
            async for event in heard:
                payload = event.data["payload"]
                if payload["state"] == "aborted":
                    reasons[payload["runId"]] = payload["stopReason"]
                if len(reasons) == 2:
                    break
            assert reasons == {run_id: "stop", waiting: "stop"}


class Reluctant(Endless):
    """Takes its time to stop."""

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        try:
            return await super().run(arguments, context)
        finally:
            await asyncio.Event().wait()


async def test_what_was_being_stopped_when_the_process_ended_is_not_taken_up_again(tmp_path: Path) -> None:
    tool, url = Reluctant("wait", independent=True), f"sqlite:///{tmp_path}/db"
    with ScriptedModel(calls(("wait", {})), says("Never.")) as model:
        async with stage(url, tmp_path, config(model.provider()), tools=[tool]) as agents:
            run_id = await agents.order("Go")
            await asyncio.wait_for(tool.started.wait(), PATIENCE)
            stopping = asyncio.get_running_loop().create_task(agents.agents.runs.cancel(run_id))
            await asyncio.wait_for(tool.cancelled.wait(), PATIENCE)

            async def is_kept() -> bool:
                found = await agents.agents.store.get(run_id)
                return found is not None and found.cancel_wanted

            await until(is_kept)
        await asyncio.wait({stopping})
        runner = FakeRunner("runner-2", {"runner-1"})
        async with stage(url, tmp_path, config(model.provider()), tools=[tool], runner=runner) as agents:
            state = await agents.agents.runs.wait(run_id, PATIENCE)
            assert (state.status, state.stop_reason) == ("cancelled", "cancelled")
            assert await _lines(agents) == ["user", "assistant", "tool_started", "tool"]
    assert len(model.asked) == 1


async def test_a_wish_to_stop_that_was_not_heard_of_counts_once_it_is_known_that_something_was_missed(
    tmp_path: Path,
) -> None:
    tool = Endless("wait")
    with ScriptedModel(calls(("wait", {}))) as model:
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider()), tools=[tool]) as agents:
            run_id = await agents.order("Go")
            await asyncio.wait_for(tool.started.wait(), PATIENCE)
            assert await agents.agents.store.change(run_id, {"cancel_wanted": True}, only_from="running")
            await agents.cluster.bus.publish(Event(LAGGED, {"lost": 0}))
            assert (await agents.agents.runs.wait(run_id, PATIENCE)).status == "cancelled"


async def test_cancelling_while_the_model_speaks(tmp_path: Path) -> None:
    held = Hold(says("I begin to say something long"), after=3)
    with ScriptedModel(held, says("Next.")) as model:
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider())) as agents:
            run_id = await agents.order("Go")
            await asyncio.to_thread(held.reached.wait, PATIENCE)
            assert list(await agents.agents.runs.cancel_session(KEY)) == [run_id]
            story = await agents.story(run_id)
            assert story[-1].data["status"] == "cancelled"
            assert [exchange.outcome for exchange in agents.journal.exchanges] == ["cancelled"]
            entry = await agents.sessions.get(KEY)
            assert entry is not None
            said = messages_of(await agents.sessions.view(entry.session_id))
            assert said[1].role == "assistant" and isinstance(said[1].parts[0], TextPart)
            held.gate.set()


async def test_whoever_waits_hears_within_seconds_that_nothing_can_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that becomes full in the middle of a turn (attack 55)."""
    monkeypatch.setattr(recorder, "_FAULT_SECONDS", 0.0)
    held = Hold(says("I begin to say something long"), after=1)

    async def refuse(*_: object) -> None:
        raise GatewayError(ErrorKind.UNAVAILABLE, "database or disk is full", {"code": "database"})

    @asynccontextmanager
    async def refused() -> AsyncIterator[None]:
        await refuse()
        yield

    with ScriptedModel(held, says("Next.")) as model:
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider())) as agents:
            runs, run_id = agents.agents.runs, await agents.order("Go")
            await asyncio.to_thread(held.reached.wait, PATIENCE)
            with monkeypatch.context() as full:
                full.setattr(agents.database, "write_at_once", refuse)
                full.setattr(agents.database, "write", refused)
                held.gate.set()
                with pytest.raises(GatewayError, match="full"):
                    await asyncio.wait_for(agents.story(run_id), PATIENCE)
                with pytest.raises(GatewayError, match="full"):
                    await asyncio.wait_for(runs.wait(run_id), PATIENCE)
                assert await asyncio.wait_for(runs.cancel(run_id), PATIENCE), "who gives up does not wait for it"
            ended = await asyncio.wait_for(_end_of(runs, run_id), PATIENCE)
            assert ended.status in ("failed", "cancelled")
            assert (await agents.take("And now?")).text == "Next."


async def _end_of(runs: Runs, run_id: str) -> RunState:
    """How it ended, as soon as that could be kept."""
    while True:
        try:
            return await runs.wait(run_id)
        except GatewayError:
            await asyncio.sleep(0)


LIMIT_SECONDS = 1234.5
"""How long a turn may take that is not let wait for it: the test says when this time is over."""


async def test_a_turn_that_takes_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool, limits, timeout = Endless("wait"), list[asyncio.Timeout](), asyncio.timeout

    def limited(seconds: float | None) -> asyncio.Timeout:
        made = timeout(seconds)
        if seconds == LIMIT_SECONDS:
            limits.append(made)
        return made

    monkeypatch.setattr(asyncio, "timeout", limited)
    with ScriptedModel(calls(("wait", {}))) as model:
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider()), tools=[tool]) as agents:
            run_id = await agents.order("Go", timeout_seconds=LIMIT_SECONDS)
            await asyncio.wait_for(tool.started.wait(), PATIENCE)
            (limit,) = limits
            limit.reschedule(asyncio.get_running_loop().time())
            state = await agents.agents.runs.wait(run_id, PATIENCE)
            assert (state.status, state.stop_reason, state.error_kind) == ("failed", "timeout", "upstream_timeout")
            assert tool.cancelled.is_set()
            assert await _lines(agents) == ["user", "assistant", "tool_started", "tool"]


async def test_another_model_answers_where_one_fails(tmp_path: Path) -> None:
    script: dict[str, list[Script]] = {"model": [Fail(500)], "spare": [says("Spare.")]}
    with ScriptedModel(models=("model", "spare"), by_model=script) as model:
        choice = {"primary": "scripted/model", "fallbacks": ["scripted/spare"]}
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider(), {"model": choice})) as agents:
            state = await agents.take("Go")
            assert (state.text, state.model) == ("Spare.", "scripted/spare")
            notes = [e.data["text"] for e in await agents.story(state.id) if e.kind == "note"]
            assert len(notes) == 1 and "scripted/spare" in notes[0]
            await agents.take("Again")
    assert [body["model"] for body in model.asked] == ["model", "spare", "spare"]


async def test_faults_of_the_request_are_not_taken_elsewhere(tmp_path: Path) -> None:
    script: dict[str, list[Script]] = {"model": [Fail(400, "bad schema")], "spare": [says("Spare.")]}
    with ScriptedModel(models=("model", "spare"), by_model=script) as model:
        choice = {"primary": "scripted/model", "fallbacks": ["scripted/spare"]}
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider(), {"model": choice})) as agents:
            state = await agents.take("Go")
            assert (state.status, state.error_kind) == ("failed", "bad_request") and "bad schema" in str(state.error)
            assert len(model.asked) == 1


async def test_too_long_for_the_model_is_summed_up_and_tried_again(tmp_path: Path) -> None:
    too_long = Fail(400, "This model's maximum context length is 1000 tokens.", code="context_length_exceeded")
    with ScriptedModel(says("One."), says("Two."), too_long, says("They said one and two."), says("Three.")) as model:
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider())) as agents:
            await agents.take("first " * 50)
            await agents.take("second " * 50)
            state = await agents.take("third")
            assert (state.status, state.text) == ("completed", "Three.")
            phases = [e.data["phase"] for e in await agents.story(state.id) if e.kind == "compaction"]
            assert phases == ["start", "end"]
            entry = await agents.sessions.get(KEY)
            assert entry is not None and entry.compactions == 1
    shown = model.asked[-1]["messages"]
    assert "They said one and two." in str(shown[1]["content"]) and last_text(model.asked[-1]) == "third"
    assert "first first" not in str(shown)


async def test_a_conversation_is_summed_up_before_it_is_too_long(tmp_path: Path) -> None:
    big = Tokens(input=9000, output=100)
    with ScriptedModel(says("One.", tokens=big), says("In short: one."), says("Two.")) as model:
        provider = model.provider()
        provider["models"][0]["contextWindow"] = 10_000
        settings = config(provider, {"compaction": {"keepRecentTokens": 100}})
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, settings) as agents:
            await agents.take("first " * 200)
            state = await agents.take("second")
            assert state.text == "Two." and state.usage.input_tokens == 50
    assert "In short: one." in str(model.asked[-1]["messages"][1]["content"])


async def test_without_a_summary_the_turn_goes_on(tmp_path: Path) -> None:
    with ScriptedModel(says("One."), says("Two."), Fail(500), says("Three.")) as model:
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider())) as agents:
            await agents.take("remember the number 7 " * 20)
            await agents.take("second " * 20)
            state = await agents.take("", extra={"compact": True})
            assert state.status == "completed"
            assert (await agents.take("third")).text == "Three."
    assert "remember the number 7" in str(model.asked[-1]["messages"][1]["content"])


async def test_nothing_to_sum_up(tmp_path: Path) -> None:
    with ScriptedModel(says("One.")) as model:
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider())) as agents:
            state = await agents.take("", extra={"compact": True})
            assert (state.status, state.error_kind) == ("failed", "conflict")


async def test_old_results_are_shortened_in_the_view_alone(tmp_path: Path) -> None:
    tool = FakeTool("look", "x" * 6000)
    script = [calls(("look", {"n": 1})), says("One."), says("Two."), says("Three.")]
    with ScriptedModel(*script) as model:
        provider = model.provider()
        provider["models"][0]["contextWindow"] = 4000
        pruning = {"mode": "cache-ttl", "ttl": "0s", "keepLastAssistants": 1, "minPrunableToolChars": 1}
        settings = config(provider, {"contextPruning": pruning, "compaction": {"mode": "off"}})
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, settings, tools=[tool]) as agents:
            await agents.take("first")
            await agents.take("second")
            entry = await agents.sessions.get(KEY)
            assert entry is not None
            kept = [
                part
                for message in messages_of(await agents.sessions.view(entry.session_id))
                for part in message.parts
                if isinstance(part, (ToolCallPart, ToolResultPart))
            ]
            assert len(str(kept)) > 6000
    result = next(m for m in model.asked[2]["messages"] if m["role"] == "tool")
    assert len(str(result["content"])) < 4000 and "shortened" in str(result["content"])


async def test_before_that_the_agent_may_write_down_what_it_wants_to_keep(tmp_path: Path) -> None:
    big = Tokens(input=9000, output=100)
    script = [
        says("One.", tokens=big),
        calls(("write", {"n": 1}), tokens=big),
        says("NO_REPLY", tokens=big),
        says("In short."),
        says("Two."),
    ]
    tool = FakeTool("write", "written", independent=False)
    with ScriptedModel(*script) as model:
        provider = model.provider()
        provider["models"][0]["contextWindow"] = 10_000
        settings = config(provider, {"compaction": {"keepRecentTokens": 100}})
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, settings, tools=[tool]) as agents:
            await agents.take("first " * 200)
            state = await agents.take("second")
            assert state.text == "Two." and tool.calls == [{"n": 1}]
            said = [e.data["delta"] for e in await agents.story(state.id) if e.kind == "assistant"]
            assert "".join(said) == "Two."
    assert "about to be shortened" in last_text(model.asked[1])
    assert "about to be shortened" not in str(model.asked[-1]) and "In short." in str(model.asked[-1])
