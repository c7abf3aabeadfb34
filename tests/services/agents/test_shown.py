"""What the model is shown of a talk: a bounded part of it, results shortened after a pause, and marks set once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from crawdad.core.agent_settings import PruningSettings
from crawdad.core.exchange import Exchange
from crawdad.core.parts import Message, TextPart, ToolCallPart, ToolResultPart
from crawdad.core.sessions import LogEvent
from crawdad.services.agents.pruning import pruned
from crawdad.services.agents.question import latest
from crawdad.services.agents.transcript import assistant_line, result_line, user_line
from tests.support.agent_stage import KEY, FakeTool, config, stage
from tests.support.scripted_model import ScriptedModel, calls, last_text, says


async def test_a_turn_may_see_only_the_latest_messages(tmp_path: Path) -> None:
    script = (says("One."), says("Two."), calls(("look", {})), says("Three."), says("Four."))
    with ScriptedModel(*script) as model:
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider()), tools=[FakeTool()]) as agents:
            await agents.take("first")
            await agents.take("second")
            before = await agents.sessions.get(KEY)
            await agents.take("third", context_messages=4)
            after = await agents.sessions.get(KEY)
            await agents.take("fourth")
    shown = [[str(message["content"]) for message in body["messages"][1:]] for body in model.asked]
    assert [len(messages) for messages in shown] == [1, 3, 3, 5, 9]
    assert "second" in shown[2][0] and "Two." in shown[2][1] and "third" in shown[2][2]
    assert "second" in shown[3][0]  # what was shown first stays while the turn grows
    assert before is not None and after is not None and after.context_tokens == before.context_tokens


def test_a_talk_is_not_entered_in_the_middle() -> None:
    talk = [Message(role, [TextPart(role)]) for role in ("user", "assistant", "tool", "assistant", "user")]
    assert latest(talk, 4, 4) == talk[4:]
    assert latest(talk, 4, 5) == talk and latest(talk, 4, 50) == talk
    assert latest(talk, 4, 1) == talk[4:]


def _log(*lines: tuple[float, Any]) -> list[LogEvent]:
    return [LogEvent("s", n, f"{n:08x}", "message", at, data) for n, (at, data) in enumerate(lines, 1)]


def _look(at: float, call_id: str) -> list[tuple[float, Any]]:
    call, result = ToolCallPart(call_id, "look", "{}"), ToolResultPart(call_id, [TextPart("x" * 9000)], "look")
    return [(at, assistant_line([call], "toolUse")), (at, result_line(result))]


def test_results_are_shortened_after_a_pause_and_stay_so() -> None:
    settings = PruningSettings(mode="cache-ttl", ttl="5m", keep_last_assistants=0, soft_trim_ratio=0)
    first = [(0.0, user_line([TextPart("first")])), *_look(1.0, "a")]
    within = [(200.0, user_line([TextPart("second")])), *_look(201.0, "b")]
    late = [(600.0, user_line([TextPart("third")])), *_look(601.0, "c")]

    def sizes(*lines: tuple[float, Any]) -> list[int]:
        messages = pruned(_log(*lines), settings, 100_000)
        parts = [part for message in messages for part in message.parts if isinstance(part, ToolResultPart)]
        return [len(str(part.content[0].text)) for part in parts if isinstance(part.content[0], TextPart)]

    assert sizes(*first, *within) == [9000, 9000]
    begun = sizes(*first, *within, late[0])
    assert len(begun) == 2 and max(begun) < 4000
    assert sizes(*first, *within, *late) == [*begun, 9000]


async def test_what_marks_itself_is_not_marked_again(tmp_path: Path) -> None:
    with ScriptedModel(says("One.")) as model:
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, config(model.provider())) as agents:
            tool = FakeTool()
            agents.toolbox.tools["look"] = tool
            model.then(calls(("look", {})), says("One."), says("Two."))
            await agents.take("<<<mine>>> news", untrusted=True, marked=True)
            assert tool.contexts[0].untrusted  # it has the rights of what comes from outside all the same
            assert last_text(model.asked[0]) == "<<<mine>>> news"
            await agents.take("more news", untrusted=True)
    assert last_text(model.asked[-1]).count("<outside-") == 1


def test_a_price_that_nobody_knows_is_not_nothing() -> None:
    exchange = Exchange("ex1", 0.0, "test", "openai-chat", "chat")
    assert "cost" not in assistant_line([], "stop", exchange)["message"]["usage"]
    exchange.cost = 0.25
    assert assistant_line([], "stop", exchange)["message"]["usage"]["cost"] == {"total": 0.25}
