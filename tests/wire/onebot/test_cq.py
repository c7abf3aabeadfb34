"""CQ codes, both ways."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawdad.wire.onebot.cq import escape, parse, segments_of, unescape, write

words = st.text(alphabet=st.sampled_from("ab,&;[]=CQ:#4951 中😀\n"), max_size=30)
names = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)


@given(words)
def test_what_is_escaped_comes_back(text: str) -> None:
    for inside in (True, False):
        assert unescape(escape(text, inside=inside)) == text
        assert not set("[]") & set(escape(text, inside=inside))


@given(st.lists(st.tuples(names, st.dictionaries(names, words, max_size=3)), max_size=4), words)
def test_segments_come_back_from_their_text(codes: list[tuple[str, dict[str, str]]], text: str) -> None:
    segments: list[dict[str, Any]] = [{"type": name, "data": data} for name, data in codes if name != "text"]
    if text:
        segments.append({"type": "text", "data": {"text": text}})
    assert parse(write(segments)) == segments


@given(st.text(alphabet=st.sampled_from("[]CQ:,=&ab"), max_size=40))
def test_anything_can_be_parsed(text: str) -> None:
    assert all(one["type"] for one in parse(text))


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("a&amp;b&#91;c&#93;", [("text", {"text": "a&b[c]"})]),
        ("[CQ:at,qq=10001] hi", [("at", {"qq": "10001"}), ("text", {"text": " hi"})]),
        (
            "[CQ:image,file=a.png,url=http://x/?a=1&amp;b=2&#44;3]",
            [("image", {"file": "a.png", "url": "http://x/?a=1&b=2,3"})],
        ),
        ("[CQ:shake]", [("shake", {})]),
        ("[CQ:at,qq=all", [("text", {"text": "[CQ:at,qq=all"})]),
        ("", []),
    ],
)
def test_codes_of_the_standard(text: str, segments: list[tuple[str, dict[str, str]]]) -> None:
    assert [(one["type"], one["data"]) for one in parse(text)] == segments


def test_numbers_and_flags_are_words() -> None:
    assert (
        write([{"type": "image", "data": {"file": 5, "cache": True, "proxy": False}}])
        == "[CQ:image,file=5,cache=1,proxy=0]"
    )


@pytest.mark.parametrize("message", [None, 5, [5, {}, {"data": {}}]])
def test_what_is_no_message_has_no_segments(message: Any) -> None:
    assert segments_of(message) == []


def test_one_segment_may_stand_alone() -> None:
    assert segments_of({"type": "text", "data": {"text": "x"}}) == [{"type": "text", "data": {"text": "x"}}]
    assert segments_of([{"type": "face", "data": None}]) == [{"type": "face", "data": {}}]
