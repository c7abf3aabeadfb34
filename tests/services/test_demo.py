"""The demonstration model, as the tools that people try first talk to it."""

from __future__ import annotations

from crawdad.core.parts import Message, TextPart, ToolCallPart
from crawdad.core.request import ModelRequest, Tool
from crawdad.core.response import fold
from crawdad.services.demo import DEMO_MODEL, demo_events

REMINDER = TextPart("<system-reminder>Use the Read tool for files.</system-reminder>")


def _asked(*typed: str) -> ModelRequest:
    """The way Claude Code and Gemini CLI send it: what they add comes before what the user typed, in one message."""
    parts = [REMINDER, *map(TextPart, typed)]
    return ModelRequest(DEMO_MODEL, [Message("user", [*parts])], [Tool("Read", parameters={"type": "object"})])


def test_only_what_the_user_typed_is_quoted() -> None:
    for typed in ("Say hello", "[Mon 2026-11-30 16:25 UTC] Say hello"):  # an agent's words have a moment before them
        (said,) = fold(demo_events(_asked(typed, " "))).parts
        assert isinstance(said, TextPart)
        assert said.text.startswith("[Crawdad demo] You said: “Say hello”.")


def test_only_what_the_user_typed_asks_for_a_tool() -> None:
    (called,) = fold(demo_events(_asked("Use a tool"))).parts
    assert isinstance(called, ToolCallPart) and called.name == "Read"
