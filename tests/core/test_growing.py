"""Answers that grow piece by piece."""

from __future__ import annotations

import pytest

from crawdad.core.events import MessageEnd, MessageStart, PartDelta, PartEnd, PartStart
from crawdad.core.parts import Citation, MediaPart, Part, RefusalPart, TextPart, ThinkingPart, ToolCallPart
from crawdad.core.response import Folder, Growing
from tests.support.pieces import Piece


@pytest.mark.parametrize("part", [TextPart(), ThinkingPart(), RefusalPart(), ToolCallPart("a", "f", "")], ids=type)
def test_what_grows_is_not_copied_with_every_piece(part: Part) -> None:
    """A megabyte in small pieces would be copied a hundred thousand times, half a minute of nothing else."""
    Piece.appended = 0
    folder = Folder()
    folder.add(MessageStart())
    folder.add(PartStart(0, part))
    for _ in range(100):
        folder.add(PartDelta(0, Piece("ab")))
    folder.add(PartEnd(0))
    folder.add(MessageEnd())
    whole = folder.finish().parts[0]
    assert (whole.arguments if isinstance(whole, ToolCallPart) else getattr(whole, "text", None)) == "ab" * 100
    assert Piece.appended == 0


def test_a_part_can_be_seen_while_it_grows() -> None:
    growing = Growing(TextPart("a"))
    growing.add(PartDelta(0, "b"))
    assert growing.part == TextPart("ab")
    growing.add(PartDelta(0, "c", citations=[Citation("url", url="https://x")]))
    growing.add(PartDelta(0, "d"))
    assert growing.part == TextPart("abcd", [Citation("url", url="https://x")])
    assert growing.part == TextPart("abcd", [Citation("url", url="https://x")])


def test_everything_else_of_a_part_grows_too() -> None:
    thinking = Growing(ThinkingPart("a", signature="s"))
    for delta in (PartDelta(0, "b", signature="t"), PartDelta(0, encrypted="e"), PartDelta(0, "c")):
        thinking.add(delta)
    assert thinking.part == ThinkingPart("abc", signature="st", encrypted="e")
    sound = Growing(MediaPart("audio"))
    for delta in (PartDelta(0, "wo", data="AA"), PartDelta(0, data="BB"), PartDelta(0, "rds")):
        sound.add(delta)
    assert sound.part == MediaPart("audio", data="AABB", text="words")
