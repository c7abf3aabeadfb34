"""Markdown as Telegram's HTML."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawdad.wire.telegram.lengths import utf16_length, utf16_slice
from crawdad.wire.telegram.render import seen_length, to_html
from tests.simulators.telegram import _parsed


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("plain < & >", "plain &lt; &amp; &gt;"),
        ("**b** _i_ ~~s~~ `c`", "<b>b</b> <i>i</i> <s>s</s> <code>c</code>"),
        ("# Title\n\ntext", "<b>Title</b>\n\ntext"),
        ("- a\n- b\n  1. c\n  2. d", "• a\n• b\n  1. c\n  2. d"),
        ("3. a\n4. b", "3. a\n4. b"),
        ("> q\n> > r", "<blockquote>q\n\nr</blockquote>"),
        ("```py\na<b\n```", '<pre><code class="language-py">a&lt;b</code></pre>'),
        ("    code", "<pre>code</pre>"),
        ("[t](https://x.example/?a=1&b=%22)", '<a href="https://x.example/?a=1&amp;b=%22">t</a>'),
        ("![alt](https://x.example/p.png)", '<a href="https://x.example/p.png">alt</a>'),
        ("[t](relative)", "t"),
        ("<b>raw</b>", "&lt;b&gt;raw&lt;/b&gt;"),
        ("| a | 中文 |\n|---|---|\n| 1 | 2 |", "<pre>a  中文\n-  ----\n1  2</pre>"),
        ("a\n\n---\n\nb", "a\n\n———\n\nb"),
        ("", ""),
    ],
)
def test_markdown_becomes_html(markdown: str, html: str) -> None:
    assert to_html(markdown) == html


@given(st.text(alphabet=st.sampled_from("ab<>&*_`~#>-1. \n|[]()!中😀\\\"'"), max_size=80))
@settings(max_examples=400, deadline=None)
def test_any_text_can_be_parsed_and_is_measured_as_it_is_seen(markdown: str) -> None:
    seen, _ = _parsed(to_html(markdown), "HTML")
    assert len(seen.encode("utf-16-le")) // 2 == utf16_length(seen)
    # The newlines at the end are not sent.
    assert 0 <= seen_length(markdown) - utf16_length(seen) <= len(markdown)


@pytest.mark.parametrize(("text", "length"), [("", 0), ("ab", 2), ("中", 1), ("😀", 2), ("a😀b", 4)])
def test_lengths_are_utf16(text: str, length: int) -> None:
    assert utf16_length(text) == length
    assert utf16_slice(text, 0, length) == text
