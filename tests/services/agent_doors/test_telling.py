"""A run that another process took up, as its followers hear of it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from crawdad.api.guide.streams import spoken
from crawdad.core.agents import EventKind, RunEvent, RunState
from crawdad.core.parts import TextPart, ToolCallPart
from crawdad.core.response import fold
from crawdad.core.sessions import LogEvent
from crawdad.services.agent_doors.telling import Telling
from crawdad.services.agents.flushing import FLUSHED
from crawdad.services.agents.said_again import Standing, standing, voided
from crawdad.services.agents.transcript import assistant_line

RESUMED = {"phase": "start", "resumed": True}


def events(*said: str | dict[str, Any]) -> list[RunEvent]:
    """Words as they were said, and what else happened: with `phase` to the run, else to a tool."""
    found: list[RunEvent] = []
    for number, each in enumerate(said, 1):
        kind: EventKind = "assistant" if isinstance(each, str) else "lifecycle" if "phase" in each else "tool"
        data = {"delta": each} if isinstance(each, str) else each
        found.append(RunEvent("run", number, 0.0, kind, data))
    return found


def log(*answers: str | None) -> list[LogEvent]:
    """The turn's own lines: what the model said; None: a silent step."""
    lines = []
    for number, text in enumerate(answers, 1):
        data = (
            {"customType": FLUSHED}
            if text is None
            else assistant_line([TextPart(text), ToolCallPart(id=f"c{number}")], "")
        )
        lines.append(
            LogEvent("s", number, str(number), "custom" if text is None else "message", 0.0, data, run_id="run")
        )
    return lines


@pytest.mark.parametrize(
    ("told", "kept", "stands"),
    [
        ([], [], Standing(0)),
        (["One tw"], [], Standing(0)),
        (["Let me ", "see.", {}, "One tw"], ["Let me see."], Standing(11)),
        (["Let me see.", {}, "One", " tw"], ["Let me see.", ""], Standing(11)),
        (["Let me see.One tw"], ["Let me see."], Standing(11)),
        (["  ", "Let me see.", {}, "On"], ["Let me see."], Standing(13)),
        (["Let me"], ["Let me see."], Standing(6, " see.")),
        (["One.", {}, "Tw"], ["One.", "Two."], Standing(6, "o.")),
        (["One."], [None, "Hidden."], Standing(0)),
        (["One.", {}, "Tw"], ["One.", None, "Noted."], Standing(4)),
    ],
)
def test_what_stands_of_what_was_told(told: list[Any], kept: list[Any], stands: Standing) -> None:
    assert standing(events(*told), log(*kept)) == stands


def test_events_say_what_of_them_is_void() -> None:
    told = events("Let me see.", {}, "One t", "wo")
    assert voided(told, 11) == [(3, {"delta": "One t", "void": 5}), (4, {"delta": "wo", "void": 2})]
    assert voided(told, 15) == [(3, {"delta": "One t", "void": 1}), (4, {"delta": "wo", "void": 2})]
    assert voided(told, 18) == []
    marked = [RunEvent("run", 1, 0.0, "assistant", {"delta": "One t", "void": 5})]
    assert voided(marked, 0) == [] and marked[0].words == ""


STORY: list[Any] = ["Let me see.", {}, "One t", {**RESUMED, "kept": 11}, "One two three."]


def answer(story: list[RunEvent], after: int = 0, **more: Any) -> tuple[str, list[Any]]:
    """The words that a client hears in all, and the whole of the answer."""
    telling = Telling("m", resumed=after > 0, **more)
    heard = [each for event in story if event.number > after for each in telling.hear(event)]
    heard += telling.finish(RunState("run", "main", "k", "s", "completed", 0.0, text="One two three."))
    words = "".join(each.text for each in heard if hasattr(each, "text"))
    return words, [part.text for part in fold(heard).parts if isinstance(part, TextPart)]


def test_what_can_be_taken_back_is() -> None:
    words, parts = answer(events(*STORY), retracts=True)
    assert parts == ["Let me see.\n\nOne two three."]
    assert words == "Let me see.\n\nOne tLet me see.\n\nOne two three."
    marked = events(*STORY)
    marked[2].data["void"] = 5
    assert answer(marked, retracts=True) == (words, parts), "a stream is the same each time that it is told"
    assert answer(events("One t", {**RESUMED, "kept": 0}, "One two."), retracts=True)[1] == ["One two."]
    assert answer(events("One.", {**RESUMED, "kept": 4}, " Two."), retracts=True)[1] == ["One. Two."]
    assert answer(events("On", {**RESUMED, "kept": 0}), retracts=True)[1] == ["One two three."], (
        "the end is told all the same"
    )


def test_what_cannot_be_taken_back_stands_by_itself() -> None:
    live = events(*STORY)
    assert answer(live)[0] == "Let me see.\n\nOne t\n\nOne two three."
    marked = events(*STORY)
    marked[2].data["void"] = 5
    assert answer(marked)[0] == "Let me see.\n\nOne two three."
    assert answer(marked, after=3)[0] == "\n\nOne two three.", (
        "who has heard the words that broke off hears a new beginning"
    )


def test_rest_clients_are_told_that_words_are_said_anew() -> None:
    marked = events("One t", {**RESUMED, "kept": 3})
    marked[0].data["void"] = 2
    frames = [spoken(each) for each in marked]
    assert frames[0] is not None and orjson.loads(frames[0].split(b"data: ")[1])["delta"] == "One"
    assert frames[1] is not None and b"event: run.resumed" in frames[1] and b'"kept":3' in frames[1]
    marked[0].data["void"] = 5
    assert spoken(marked[0]) is None
    assert spoken(events({"phase": "start"})[0]) is None
