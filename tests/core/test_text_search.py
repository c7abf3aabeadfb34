"""Words of a text: blanks or none, one case, one width."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawdad.core.text_search import index_words, query_words


@pytest.mark.parametrize(
    ("text", "indexed", "asked"),
    [
        ("Hello, World-wide 42!", "hello world wide 42", "hello world wide 42"),
        ("ＡＢＣ Straße", "abc strasse", "abc strasse"),
        ("东京之旅", "东 京 之 旅 东京 京之 之旅", "东京 京之 之旅"),
        ("茶", "茶", "茶"),
        ("用Python写", "用 python 写", "用 python 写"),
        ("カメラ", "カ メ ラ カメ メラ", "カメ メラ"),
        ("snake_case", "snake case", "snake case"),
        ("…", "", ""),
    ],
)
def test_words(text: str, indexed: str, asked: str) -> None:
    assert index_words(text) == indexed
    assert query_words(text) == asked


@given(st.text())
def test_what_is_asked_for_is_indexed(text: str) -> None:
    assert set(query_words(text).split()) <= set(index_words(text).split())
