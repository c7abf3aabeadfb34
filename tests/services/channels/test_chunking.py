"""Cutting answers into messages."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawdad.services.channels.chunking import chunks, closed

_WORDS = st.text(alphabet=st.sampled_from("abc 。.!?\n中文🙂👍🏽e\u0301"), max_size=60)
_CODE = st.builds(
    lambda mark, language, body: f"{mark}{language}\n{body}\n{mark}",
    st.sampled_from(["```", "~~~", "````"]),
    st.sampled_from(["", "python"]),
    st.text(alphabet=st.sampled_from("xy =#\n()"), max_size=80),
)
_TEXTS = st.lists(st.one_of(_WORDS, _CODE), max_size=8).map("\n".join)


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def bare(text: str) -> str:
    """What is left of a text without white space and fences."""
    lines = [line for line in text.split("\n") if not re.match(r" {0,3}(```|~~~)", line)]
    return re.sub(r"\s+", "", "".join(lines))


@given(_TEXTS, st.integers(min_value=24, max_value=120), st.booleans(), st.sampled_from([len, utf16]))
@example("```python\n" + "x" * 300 + "\n```", 40, False, len)
@example("```\nopen", 30, False, len)
def test_every_piece_fits_nothing_is_lost_and_fences_are_closed(text, limit, paragraphs, measure) -> None:  # type: ignore[no-untyped-def]
    found = chunks(text, limit, measure, paragraphs=paragraphs)
    assert all(measure(piece) <= limit and piece.strip() for piece in found)
    assert all(closed(piece) == piece for piece in found), "a block of code is closed in the piece that it begins in"
    assert bare("\n".join(found)) == bare(text)


@given(_TEXTS)
def test_a_text_that_fits_is_one_piece(text: str) -> None:
    found = chunks(text, 10_000)
    assert len(found) == (1 if text.strip() else 0)


def test_a_block_of_code_stays_whole_where_it_fits() -> None:
    code = "```python\nfor one in many:\n    print(one)\n```"
    text = f"Before it some words.\n\n{code}\n\nAnd behind it."
    assert chunks(text, len(code) + 16) == ["Before it some words.", f"{code}\n\nAnd behind it."]
    assert code in "".join(chunks(text, len(code)))


def test_a_block_that_is_too_long_is_opened_again() -> None:
    code = "```python\n" + "\n".join(f"line_{number} = {number}" for number in range(12)) + "\n```"
    found = chunks(code, 80)
    assert len(found) > 1
    for piece in found:
        assert piece.startswith("```python\n") and piece.endswith("\n```") and len(piece) <= 80
    lines = [line for piece in found for line in piece.split("\n")[1:-1]]
    assert lines == code.split("\n")[1:-1]


def test_prose_is_cut_where_it_hurts_least() -> None:
    assert chunks("One sentence. Another one. A third.", 20) == ["One sentence.", "Another one.", "A third."]
    assert chunks("第一句话。第二句话。第三句话。", 10) == ["第一句话。第二句话。", "第三句话。"]
    assert chunks("first\nsecond\nthird", 12) == ["first\nsecond", "third"]
    assert chunks("a" * 25, 10) == ["a" * 10, "a" * 10, "a" * 5]
    assert chunks("one\n\ntwo\n\nthree", 100, paragraphs=True) == ["one", "two", "three"]
    assert chunks("one\n\ntwo", 100) == ["one\n\ntwo"] and chunks(" \n ", 100) == []


def test_signs_made_of_several_characters_stay_together() -> None:
    family = "👨‍👩‍👧"
    assert all(family in piece for piece in chunks(f"{family} " * 4, 7))


@pytest.mark.parametrize(("text", "shown"), [("```py\nx", "```py\nx\n```"), ("a `b", "a `b"), ("```\n", "```\n```")])
def test_what_grows_is_shown_closed(text: str, shown: str) -> None:
    assert closed(text) == shown


def test_code_within_a_line_opens_no_block() -> None:
    text = "Run\n```ls -l```\nand look.\n\n" + "More words. " * 10
    assert closed("```ls -l```") == "```ls -l```"
    assert chunks(text, 60)[0] == "Run\n```ls -l```\nand look."
