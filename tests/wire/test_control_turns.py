"""Runs as clients of the control channel are told of them."""

from __future__ import annotations

from typing import Any

import pytest

from crawdad.core.agents import RunEvent, RunState, RunStatus
from crawdad.wire.control.turns import RunNames, Told, TurnTeller

NAMES = RunNames("mine", "agent:main:main", "main")


def event(kind: Any, at: float, **data: Any) -> RunEvent:
    return RunEvent("run", 1, at, kind, data)


def state(status: RunStatus, text: str = "", error: str | None = None) -> RunState:
    return RunState("run", "main", "agent:main:main", "s", status, 0.0, text=text, error=error)


def told(teller: TurnTeller, *events: RunEvent) -> list[Told]:
    return [each for one in events for each in teller.tell(one)]


def test_chat_tells_all_that_was_said_but_not_too_often() -> None:
    found = told(
        TurnTeller(NAMES),
        event("lifecycle", 1.0, phase="start"),
        event("assistant", 1.0, delta="One"),
        event("assistant", 1.1, delta=" two"),
        event("assistant", 1.2, delta=" three"),
    )
    agent = [each.payload for each in found if each.event == "agent"]
    chat = [each.payload for each in found if each.event == "chat"]
    assert [payload["seq"] for payload in agent] == [1, 2, 3, 4]
    assert [payload["data"].get("text") for payload in agent] == [None, "One", "One two", "One two three"]
    assert [payload["message"]["content"][0]["text"] for payload in chat] == ["One", "One two three"]
    assert [payload["deltaText"] for payload in chat] == ["One", " two three"]
    assert [payload["seq"] for payload in chat] == [2, 4]


def test_after_a_tool_the_text_begins_anew() -> None:
    teller = TurnTeller(NAMES)
    found = told(
        teller,
        event("assistant", 1.0, delta="Let me look."),
        event("tool", 1.1, phase="start", callId="c", name="ls", arguments={"path": "."}),
        event("tool", 1.2, phase="result", callId="c", name="ls", text="secret", isError=False),
        event("assistant", 2.0, delta="There."),
    )
    tools = [each for each in found if each.payload.get("stream") == "tool"]
    assert all(each.own for each in tools) and "secret" not in str(tools)
    assert found[-1].payload["message"]["content"][0]["text"] == "There."
    full = TurnTeller(RunNames("mine", "k", full=True))
    [shown] = full.tell(event("tool", 1.2, phase="result", callId="c", name="ls", text="whole", isError=False))
    assert shown.payload["data"]["result"]["content"][0]["text"] == "whole"


@pytest.mark.parametrize("text", ["NO_REPLY", "", "  "])
def test_silence_is_not_shown(text: str) -> None:
    teller = TurnTeller(NAMES)
    deltas = [event("assistant", 1.0, delta=text)] if text else []
    assert not [each for each in told(teller, *deltas) if each.event == "chat"]
    final = teller.ended(state("completed", text), 2.0)[-1].payload
    assert final["state"] == "final" and "message" not in final


def test_ends() -> None:
    teller = TurnTeller(NAMES)
    told(teller, event("assistant", 1.0, delta="Half a"))
    life, chat = teller.ended(state("cancelled"), 2.0, "stop")
    assert life.payload["data"] == {"phase": "end", "endedAt": 2000, "aborted": True}
    assert (chat.payload["state"], chat.payload["stopReason"], chat.payload["sessionKey"]) == (
        "aborted",
        "stop",
        "main",
    )
    assert chat.payload["message"]["content"][0]["text"] == "Half a"
    life, chat = TurnTeller(NAMES, 7).ended(state("failed", error="no money"), 3.0)
    assert life.payload["seq"] == 8 and life.payload["data"]["error"] == chat.payload["errorMessage"] == "no money"
    assert chat.payload["state"] == "error" and chat.payload["sessionKey"] == "agent:main:main"
