"""What was typed, and what a turn shows."""

from __future__ import annotations

from typing import Any

import pytest

from crawdad.app.chat.turn import Shown, TurnView, arguments_line, message_text
from crawdad.app.chat.typed import Typed, read_entry, understood
from crawdad.wire.control.client import Event


@pytest.mark.parametrize(
    ("lines", "entry"),
    [
        (["hello"], "hello"),
        (["first \\", "second\\", "third"], "first \nsecond\nthird"),
        (['"""', "one", "", " two ", '"""'], "one\n\n two "),
        ([""], ""),
    ],
)
def test_entries_of_one_line_and_more(lines: list[str], entry: str) -> None:
    rest = iter(lines[1:])
    assert read_entry(lines[0], lambda: next(rest)) == entry
    assert list(rest) == []


@pytest.mark.parametrize(
    ("entry", "typed"),
    [
        ("  hello ", Typed("hello")),
        ("/help", Typed("", "help")),
        ("/Agent  beta ", Typed("beta", "agent")),
        ("/new about crabs", Typed("/new about crabs")),
        ("/compact", Typed("/compact")),
        ("/nosuch x", Typed("/nosuch x", "nosuch", unknown=True)),
        ("//etc/passwd is a file", Typed("/etc/passwd is a file")),
    ],
)
def test_commands_are_told_from_words(entry: str, typed: Typed) -> None:
    assert understood(entry) == typed


def agent(stream: str, **data: Any) -> Event:
    return Event("agent", {"runId": "r1", "stream": stream, "data": data})


def chat(state: str, text: str | None = None, **more: Any) -> Event:
    message = {"role": "assistant", "content": [{"type": "text", "text": text}]} if text is not None else None
    return Event("chat", {"runId": "r1", "state": state, **({"message": message} if message else {}), **more})


def shown(view: TurnView, *events: Event) -> list[Shown]:
    return [each for event in events for each in view.take(event)]


def test_words_come_as_they_are_said_and_once() -> None:
    view = TurnView("r1", "agent:main:main")
    found = shown(
        view,
        agent("assistant", text="Good ", delta="Good "),
        chat("delta", "Good "),
        agent("assistant", text="Good morning", delta="morning"),
        chat("final", "Good morning."),
    )
    assert "".join(each.text for each in found) == "Good morning." and found[-1] == Shown("break")
    assert (view.status, view.text) == ("final", "Good morning.")


def test_what_was_missed_is_shown_at_the_end() -> None:
    view = TurnView("r1", "agent:main:main")
    assert shown(view, chat("final", "All at once.")) == [Shown("words", "All at once."), Shown("break")]
    other = TurnView("r1", "agent:main:main")
    found = shown(other, agent("assistant", text="Half", delta="Half"), chat("final", "Something else."))
    assert found == [Shown("words", "Half"), Shown("break"), Shown("words", "Something else."), Shown("break")]


def test_a_tool_stands_in_a_line_of_its_own() -> None:
    view = TurnView("r1", "agent:main:main")
    found = shown(
        view,
        agent("assistant", text="I look.", delta="I look."),
        agent("tool", phase="start", name="read", args={"path": "note.txt"}, toolCallId="c1"),
        agent("tool", phase="result", name="read", isError=True, toolCallId="c1"),
        agent("assistant", text="It is gone.", delta="It is gone."),
        chat("final", "It is gone."),
    )
    kinds = [(each.kind, each.text) for each in found]
    assert kinds == [
        ("words", "I look."),
        ("break", ""),
        ("tool", "read  note.txt"),
        ("failure", "read"),
        ("words", "It is gone."),
        ("break", ""),
    ]
    assert view.tools == [{"name": "read", "arguments": {"path": "note.txt"}}]


def test_only_its_own_run_and_questions_of_its_own_session() -> None:
    view = TurnView("r1", "agent:main:main")
    other = Event("agent", {"runId": "r2", "stream": "assistant", "data": {"text": "x", "delta": "x"}})
    question = {"id": "a1", "request": {"command": "rm x", "sessionKey": "agent:main:main"}}
    elsewhere = {"id": "a2", "request": {"command": "rm y", "sessionKey": "agent:beta:main"}}
    assert shown(view, other, Event("tick", {}), Event("exec.approval.requested", elsewhere)) == []
    assert shown(view, Event("exec.approval.requested", question)) == [Shown("question", "rm x", question)]


@pytest.mark.parametrize(("state", "more"), [("aborted", {}), ("error", {"errorMessage": "no such model"})])
def test_other_ends(state: str, more: dict[str, str]) -> None:
    view = TurnView("r1", "agent:main:main")
    shown(view, agent("assistant", text="Half", delta="Half"), chat(state, **more))
    assert (view.status, view.error) == (state, more.get("errorMessage", ""))


def test_what_tools_are_called_with_fits_in_a_line() -> None:
    assert arguments_line({"path": "a\n  b"}) == "a b"
    assert arguments_line({"a": 1, "b": "你"}) == '{"a": 1, "b": "你"}'
    assert len(arguments_line({"text": "x" * 1000})) == 160
    assert message_text({"content": "plain"}) == "plain" and message_text(None) == ""
