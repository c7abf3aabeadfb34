"""Cutting notes and finding them: pure."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from crawdad.services.memory.chunks import chunks_of, weight
from crawdad.services.memory.index import Index, distinct, mixed, unit

NOTES = {
    "MEMORY.md": "# Memory\nThe user likes green tea.\nHer birthday is in May.\n",
    "memory/2026-01-01.md": "Met Anna in Lisbon. She builds sailing boats.\nThe boat is called Aurora.\n",
    "memory/2026-01-02.md": "去东京旅行的计划：四月出发，住在浅草。\n",
}


def index() -> Index:
    return Index([chunk for path, text in NOTES.items() for chunk in chunks_of(path, text, 400, 80)])


def best(query: str) -> str:
    found = index()
    hits = mixed(found, found.by_words(query), None, (0.7, 0.3))
    return hits[0].chunk.path if hits else ""


def test_words_find_their_notes() -> None:
    assert best("green tea") == "MEMORY.md"
    assert best("who builds boats") == "memory/2026-01-01.md"
    assert best("东京") == best("浅草的计划") == "memory/2026-01-02.md"
    assert best("quantum chromodynamics") == ""


def test_scores_lie_between_none_and_one() -> None:
    found = index()
    for query in ("tea", "green tea", "tea zebra xylophone", "the"):
        assert all(0 < score <= 1 for score in found.by_words(query).values())
    assert max(found.by_words("green tea").values()) > 0.8
    assert max(found.by_words("tea zebra xylophone").values()) < 0.8


def test_likeness_and_words_are_mixed() -> None:
    found = index()
    found.vectors = {0: unit([1, 0]), 1: unit([0, 1]), 2: unit([1, 1])}
    likeness = found.by_vector(unit([0, 2]))
    assert likeness[1] == 1.0 and likeness[0] == 0.0
    hits = mixed(found, {0: 1.0}, likeness, (0.7, 0.3))
    assert [(hit.chunk.path, round(hit.score, 2)) for hit in hits] == [
        ("memory/2026-01-01.md", 0.7),
        ("memory/2026-01-02.md", 0.49),
        ("MEMORY.md", 0.3),
    ]


def test_pieces_overlap_by_whole_lines() -> None:
    text = "\n".join(f"line {number} with some words in it" for number in range(100))
    chunks = chunks_of("a.md", text, 100, 20)
    assert chunks[0].first == 1 and chunks[-1].last == 100
    for before, after in pairwise(chunks):
        assert before.first < after.first <= before.last + 1 and weight(after.text) <= 101
        assert before.last - after.first + 1 >= 1


def test_of_overlapping_hits_the_better_is_shown() -> None:
    text = "\n".join(f"tea {number}" for number in range(60))
    found = Index(chunks_of("a.md", text, 40, 20))
    shown = distinct(mixed(found, found.by_words("tea"), None, (0.7, 0.3)), 50)
    assert 1 < len(shown) <= len(found.chunks)
    assert len({hit.chunk for hit in shown}) == len(shown)


@given(st.text(max_size=2000), st.integers(1, 50), st.integers(0, 60))
def test_every_line_is_in_a_piece(text: str, tokens: int, overlap: int) -> None:
    chunks = chunks_of("a", text, tokens, overlap)
    lines = text.splitlines()
    covered = {number for chunk in chunks for number in range(chunk.first, chunk.last + 1)}
    assert {number for number, line in enumerate(lines, 1) if line.strip()} <= covered
