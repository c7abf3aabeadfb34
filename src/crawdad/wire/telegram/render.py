"""Markdown as Telegram's HTML (Bot API, "HTML style"), and how long it is to Telegram: what is seen counts, not the tags."""

from __future__ import annotations

from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING

from crawdad.wire.telegram.lengths import utf16_length

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_INLINE = {"strong": "b", "em": "i", "s": "s"}


class Rendered:
    """HTML that grows, and the length of what is seen of it."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self.length = 0
        self._last = ""

    def tag(self, text: str) -> None:
        """Markup, which is not seen."""
        self._pieces.append(text)

    def text(self, text: str) -> None:
        """Words."""
        if text:
            self._pieces.append(escape(text, quote=False))
            self.length += utf16_length(text)
            self._last = text[-1]

    def fresh_line(self, blank: bool = False) -> None:
        """Go to a new line, unless this is one (or the first); `blank`: with an empty one before it."""
        if self.length and self._last != "\n":
            self.text("\n")
        if blank and self.length and not self._html().endswith("\n\n"):
            self.text("\n")

    def _html(self) -> str:
        return "".join(self._pieces[-2:])

    def html(self) -> str:
        """The whole."""
        return "".join(self._pieces).rstrip("\n")


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def to_html(markdown: str) -> str:
    """Telegram's HTML of a Markdown text. Any text gives HTML that Telegram can parse."""
    return _rendered(markdown).html()


def seen_length(markdown: str) -> int:
    """How long Telegram takes it to be, in UTF-16 code units."""
    return _rendered(markdown).length


def _rendered(markdown: str) -> Rendered:
    out = Rendered()
    _Walk(out).blocks(_parser().parse(markdown.replace("\x00", "")))
    return out


class _Walk:
    """Goes through the tokens of a text."""

    def __init__(self, out: Rendered) -> None:
        self._out = out
        self._lists: list[int | None] = []
        """The next number of each open list; None: bullets."""
        self._after_marker = False
        """The next block goes on in this line."""
        self._rows: list[list[str]] | None = None

    def blocks(self, tokens: Sequence[Token]) -> None:
        """Write the blocks."""
        for token in tokens:
            if self._rows is not None:
                self._table(token)
            elif (handler := _BLOCKS.get(token.type)) is not None:
                handler(self, token)

    def _open_table(self, token: Token) -> None:
        self._rows = []

    def _open_paragraph(self, token: Token) -> None:
        if self._after_marker:
            self._after_marker = False
        else:
            self._out.fresh_line(blank=not self._lists)

    def _open_heading(self, token: Token) -> None:
        self._open_paragraph(token)
        self._out.tag("<b>")

    def _close_heading(self, token: Token) -> None:
        self._out.tag("</b>")

    def _words(self, token: Token) -> None:
        self._inline(token.children or ())

    def _open_quotation(self, token: Token) -> None:
        """Quotations cannot be nested there: an inner one is only a paragraph."""
        self._open_paragraph(token)
        if token.level == 0:
            self._out.tag("<blockquote>")
            self._after_marker = True

    def _close_quotation(self, token: Token) -> None:
        self._after_marker = False
        if token.level == 0:
            self._out.tag("</blockquote>")

    def _open_list(self, token: Token) -> None:
        if self._after_marker:
            self._after_marker = False
        else:
            self._out.fresh_line(blank=not self._lists)
        start = token.attrGet("start")
        bullets = token.type == "bullet_list_open"
        self._lists.append(None if bullets else int(start if start is not None else 1))

    def _close_list(self, token: Token) -> None:
        self._lists.pop()

    def _close_item(self, token: Token) -> None:
        self._after_marker = False

    def _rule(self, token: Token) -> None:
        self._open_paragraph(token)
        self._out.text("———")

    def _open_item(self, token: Token) -> None:
        out = self._out
        out.fresh_line()
        out.text("  " * (len(self._lists) - 1))
        number = self._lists[-1]
        if number is None:
            out.text("• ")
        else:
            out.text(f"{number}. ")
            self._lists[-1] = number + 1
        self._after_marker = True

    def _code(self, token: Token) -> None:
        out = self._out
        self._after_marker = False
        out.fresh_line(blank=not self._lists)
        language = token.info.split()[0] if token.info.strip() else ""
        if language:
            out.tag(f'<pre><code class="language-{escape(language)}">')
        else:
            out.tag("<pre>")
        out.text(token.content.rstrip("\n") or " ")
        out.tag("</code></pre>" if language else "</pre>")

    def _inline(self, tokens: Sequence[Token]) -> None:
        out = self._out
        open_links: list[bool] = []
        for token in tokens:
            kind = token.type
            name, _, side = kind.rpartition("_")
            if kind == "text":
                out.text(token.content)
            elif kind in ("softbreak", "hardbreak"):
                out.text("\n")
            elif kind == "code_inline":
                out.tag("<code>")
                out.text(token.content)
                out.tag("</code>")
            elif name in _INLINE:
                out.tag(f"<{_INLINE[name]}>" if side == "open" else f"</{_INLINE[name]}>")
            elif kind == "link_open":
                address = str(token.attrGet("href") or "")
                linked = address.startswith(("http://", "https://", "tg://", "mailto:"))
                open_links.append(linked)
                if linked:
                    out.tag(f'<a href="{escape(address)}">')
            elif kind == "link_close":
                if open_links.pop():
                    out.tag("</a>")
            elif kind == "image":
                address = str(token.attrGet("src") or "")
                if address.startswith(("http://", "https://")):
                    out.tag(f'<a href="{escape(address)}">')
                    out.text(token.content or address)
                    out.tag("</a>")
                else:
                    out.text(token.content or address)

    def _table(self, token: Token) -> None:
        """Telegram has no tables: columns are kept apart in a block of fixed width."""
        assert self._rows is not None
        if token.type == "tr_open":
            self._rows.append([])
        elif token.type == "inline":
            self._rows[-1].append(_plain(token.children or ()))
        elif token.type == "table_close":
            rows, self._rows = self._rows, None
            widths = [max(_width(row[at]) for row in rows if at < len(row)) for at in range(max(map(len, rows)))]
            lines = ["  ".join(cell + " " * (widths[at] - _width(cell)) for at, cell in enumerate(row)) for row in rows]
            lines.insert(1, "  ".join("-" * width for width in widths))
            out = self._out
            out.fresh_line(blank=True)
            out.tag("<pre>")
            out.text("\n".join(line.rstrip() for line in lines))
            out.tag("</pre>")


_BLOCKS: dict[str, Callable[[_Walk, Token], None]] = {
    "table_open": _Walk._open_table,
    "paragraph_open": _Walk._open_paragraph,
    "heading_open": _Walk._open_heading,
    "heading_close": _Walk._close_heading,
    "inline": _Walk._words,
    "fence": _Walk._code,
    "code_block": _Walk._code,
    "blockquote_open": _Walk._open_quotation,
    "blockquote_close": _Walk._close_quotation,
    "bullet_list_open": _Walk._open_list,
    "ordered_list_open": _Walk._open_list,
    "bullet_list_close": _Walk._close_list,
    "ordered_list_close": _Walk._close_list,
    "list_item_open": _Walk._open_item,
    "list_item_close": _Walk._close_item,
    "hr": _Walk._rule,
}


def _plain(tokens: Sequence[Token]) -> str:
    return "".join(
        token.content if token.type in ("text", "code_inline", "image") else " " if token.type.endswith("break") else ""
        for token in tokens
    )


def _width(text: str) -> int:
    """Columns on a screen: Chinese, Japanese and Korean characters take two."""
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
