"""Pages become text: what people see stays, what they do not see goes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawdad.services.agent_tools.page_text import page_text

PAGE = (
    """<!doctype html><html><head><title> A  page </title><style>p{color:red}</style>
<script>alert("never")</script></head><body><nav><a href="/menu">Menu</a></nav>
<main><h1>Heading</h1><p>First <b>bold</b> words with <a href="/there?a=1">a  link</a>.<p>Second.
<ul><li>one<li>two<ul><li>inner</ul></ul><ol><li>first<li>second</ol>
<pre>def f():
    return 1</pre><p hidden>SECRET ORDER</p><p style="display: none">SECRET ORDER</p><!-- SECRET ORDER -->
<table><tr><th>a<th>b<tr><td>1<td>2</table><img src="x.png" alt="A cat"><p>"""
    + "Enough to be the main part. " * 10
    + """</p></main>
<footer>Imprint</footer></body></html>"""
)


def test_markdown() -> None:
    page = page_text(PAGE, "https://example.com/dir/page", "markdown")
    assert page.title == "A page"
    assert page.text.startswith(
        "# Heading\n\nFirst bold words with [a link](https://example.com/there?a=1).\n\nSecond."
    )
    assert "- one\n- two\n  - inner" in page.text
    assert "1. first\n2. second" in page.text
    assert "```\ndef f():\n    return 1\n```" in page.text
    assert "a | b\n1 | 2" in page.text
    assert "![A cat](https://example.com/dir/x.png)" in page.text
    for unseen in ("SECRET", "never", "color", "Menu", "Imprint"):
        assert unseen not in page.text


def test_text_has_no_marks() -> None:
    text = page_text(PAGE, "https://example.com/", "text").text
    assert text.startswith("Heading\n\nFirst bold words with a link.")
    assert "](" not in text and "```" not in text and "#" not in text


def test_without_a_main_part_all_of_it_counts() -> None:
    page = page_text("<body><p>Hello</p><main>x</main><p>World</p>", "http://e.org", "markdown")
    assert page.text == "Hello\n\nx\n\nWorld"


@pytest.mark.parametrize("link", ["javascript:alert(1)", "#part", "data:text/html,x", "http://[bad"])
def test_links_that_lead_nowhere_are_words(link: str) -> None:
    assert page_text(f'<a href="{link}">word</a>', "http://e.org", "markdown").text == "word"


def test_a_link_cannot_break_out_of_its_brackets() -> None:
    text = page_text('<a href="/a) [evil](http://x">word</a>', "http://e.org", "markdown").text
    assert text.startswith("[word](http://e.org/a%29%20[evil]%28http://x")


@given(st.text(alphabet="<>/apbliuh1 \n\"'=&;-!", max_size=400))
def test_any_text_is_read(html: str) -> None:
    for mode in ("markdown", "text"):
        page_text(html, "http://e.org/", mode)


def test_deep_nesting_is_read() -> None:
    assert "end" in page_text("<div>" * 50_000 + "end", "http://e.org", "markdown").text


def test_what_never_ends_takes_the_rest_with_it() -> None:
    for tail in (
        "<!-- secret",
        "<a href='x",
        "<script>secret",
        "<title>secret",
        "</p",
        "<![CDATA[ secret",
        "<?php secret",
    ):
        assert page_text("<p>Hello</p>" + tail, "http://e.org", "text").text == "Hello", tail


def test_odd_text_stays_text() -> None:
    assert page_text("1 < 2 &amp; 3 > 2 &copy; <3", "http://e.org", "text").text == "1 < 2 & 3 > 2 \u00a9 <3"
    digits = "&#" + "9" * 5000 + ";"
    assert page_text(digits, "http://e.org", "text").text == digits


ENDLESS = (
    "<!--",
    "<a ",
    '<a b="',
    "<![",
    "<?",
    "</",
    "<script>",
    "<title>",
    "<a href=x>",
    "<main>",
    "<div></x>",
    "<li>",
    "&#x",
)


@pytest.mark.parametrize("piece", ENDLESS)
def test_long_nonsense_is_read(piece: str) -> None:
    """A parser that looks through the rest again for each piece would take hours for this."""
    for tail in ("", ">", "'>\">"):
        page_text(piece * 20_000 + tail, "http://e.org/", "markdown")
