"""Turns of agents with a scripted model: words, tools, limits, answers that fail."""

from __future__ import annotations

from pathlib import Path

from tests.support.agent_stage import KEY, FakeTool, config, stage
from tests.support.scripted_model import ScriptedModel, calls, last_text, says, system_text


async def test_a_plain_answer(tmp_path: Path) -> None:
    with ScriptedModel(says("Good morning.")) as model:
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider())) as agents:
            state = await agents.take("Hello")
            assert (state.status, state.text, state.stop_reason) == ("completed", "Good morning.", "stop")
            assert state.usage.input_tokens == 25 and state.usage.output_tokens == 12
            story = await agents.story(state.id)
            assert [event.number for event in story] == list(range(1, len(story) + 1))
            assert "".join(e.data["delta"] for e in story if e.kind == "assistant") == "Good morning."
            assert story[0].data["phase"] == "start" and story[-1].data["phase"] == "end"
            entry = await agents.sessions.get(KEY)
            assert entry is not None and (entry.messages, entry.input_tokens, entry.context_tokens) == (2, 25, 37)
            assert [exchange.outcome for exchange in agents.journal.exchanges] == ["completed"]
    assert last_text(model.asked[0]) == "Hello"
    assert (tmp_path / "workspace" / "SOUL.md").exists()


async def test_a_tool_is_called_and_its_result_goes_back(tmp_path: Path) -> None:
    tool = FakeTool("clock", "noon")
    with ScriptedModel(calls(("clock", {"zone": "UTC"})), says("It is noon.")) as model:
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider()), tools=[tool]) as agents:
            state = await agents.take("What time is it?")
            assert state.text == "It is noon." and state.usage.input_tokens == 50
            story = await agents.story(state.id)
            assert [e.data["phase"] for e in story if e.kind == "tool"] == ["start", "result"]
    assert tool.calls == [{"zone": "UTC"}]
    first, second = model.asked
    assert last_text(second) == "noon"
    assert system_text(first) == system_text(second) and first["tools"] == second["tools"]
