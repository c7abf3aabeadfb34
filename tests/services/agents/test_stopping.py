"""Turns that are stopped: by somebody, by the clock, by a model that fails; other models, and conversations too long."""

from __future__ import annotations

import asyncio
from pathlib import Path

from crawdad.core.parts import TextPart, ToolCallPart, ToolResultPart
from crawdad.services.agents.transcript import role_of
from crawdad.services.agents.view import messages_of
from tests.services.agents.tools import Endless
from tests.support.agent_stage import KEY, FakeTool, Stage, config, stage
from tests.support.scripted_model import Fail, Hold, Script, ScriptedModel, calls, last_text, says
from tests.support.upstreams.stories import Tokens


async def _lines(agents: Stage) -> list[str]:
    entry = await agents.sessions.get(KEY)
    assert entry is not None
    return [role_of(event) or event.kind for event in await agents.sessions.view(entry.session_id)]


async def test_cancelling_a_tool(tmp_path: Path) -> None:
    tool = Endless("wait", independent=False)
    with ScriptedModel(calls(("wait", {}), ("wait", {"second": True})), says("After all.")) as model:
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider()), tools=[tool]) as agents:
            run_id = await agents.order("Go")
            await asyncio.wait_for(tool.started.wait(), 10)
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


async def test_cancelling_while_the_model_speaks(tmp_path: Path) -> None:
    held = Hold(says("I begin to say something long"), after=3)
    with ScriptedModel(held, says("Next.")) as model:
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider())) as agents:
            run_id = await agents.order("Go")
            await asyncio.to_thread(held.reached.wait, 10)
            assert list(await agents.agents.runs.cancel_session(KEY)) == [run_id]
            story = await agents.story(run_id)
            assert story[-1].data["status"] == "cancelled"
            assert [exchange.outcome for exchange in agents.journal.exchanges] == ["cancelled"]
            entry = await agents.sessions.get(KEY)
            assert entry is not None
            said = messages_of(await agents.sessions.view(entry.session_id))
            assert said[1].role == "assistant" and isinstance(said[1].parts[0], TextPart)
            held.gate.set()


async def test_a_turn_that_takes_too_long(tmp_path: Path) -> None:
    tool = Endless("wait")
    with ScriptedModel(calls(("wait", {}))) as model:
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider()), tools=[tool]) as agents:
            state = await agents.take("Go", timeout_seconds=0.3)
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
