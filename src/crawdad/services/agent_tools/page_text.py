"""Web pages as text or Markdown that a model can read.

What nobody sees on the page (scripts, styles, comments, hidden elements) is left out, also because instructions are
hidden there. Where the page says what its main part is, and that holds enough, only that is kept.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urljoin

from crawdad.services.agent_tools.page_tokens import page_tokens

Mode = Literal["markdown", "text"]


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_UNSEEN = _names(
    "script style noscript template svg math iframe object embed canvas audio video select button input textarea dialog "
    "nav footer aside menu"
)
_VOID = _names("area base br col embed hr img input link meta source track wbr")
_BLOCKS = _names(
    "address article blockquote body center dd details div dl dt fieldset figcaption figure header hgroup li main ol p "
    "pre section summary table tbody td tfoot th thead tr ul h1 h2 h3 h4 h5 h6"
)
_CLOSES_ITSELF = _names("p li dt dd tr td th option")
_MAIN = frozenset(("main", "article"))
_ENOUGH = 200
_DEEPEST = 400
_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|(?:^|[;\s])opacity\s*:\s*0(?:\.0+)?\s*(?:;|$)|font-size\s*:\s*0(?![.\d])"
)
_BLANK = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class PageText:
    """What a page says."""

    title: str
    text: str


def page_text(html: str, url: str, mode: Mode) -> PageText:
    """Read a page. Total over any text; takes time in proportion to it."""
    reader = _Reader(url, mode)
    for token in page_tokens(html):
        if isinstance(token, str):
            reader.take_text(token)
        elif token.ends:
            reader.end(token.name)
        else:
            reader.begin(token.name, token.attributes)
    main = _tidy("".join(reader.main_pieces()))
    text = main if len(main) >= _ENOUGH else _tidy("".join(reader.pieces))
    return PageText(_BLANK.sub(" ", "".join(reader.title)).strip()[:300], text)


def _tidy(text: str) -> str:
    lines = [line.rstrip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


@dataclass(slots=True)
class _Open:
    """An element that has begun. `link` is where an anchor leads, `place` where its text begins."""

    tag: str
    unseen: bool
    link: str = ""
    place: int = 0


@dataclass(slots=True)
class _List:
    ordered: bool
    count: int = field(default=0)


class _Reader:
    def __init__(self, url: str, mode: Mode) -> None:
        self.title: list[str] = []
        self.pieces: list[str] = []
        self._base = url
        self._markdown = mode == "markdown"
        self._stack: list[_Open] = []
        self._open: Counter[str] = Counter()
        self._lists: list[_List] = []
        self._mains: list[list[int]] = []
        self._in_pre = 0

    def main_pieces(self) -> list[str]:
        """The pieces of the main part; none where the page names none."""
        found: list[str] = []
        for begin, *end in self._mains:
            found += self.pieces[begin : end[0] if end else len(self.pieces)]
        return found

    def begin(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if tag == "base" and attributes.get("href"):
            self._base = _joined(self._base, attributes["href"]) or self._base
        top = self._stack[-1] if self._stack else None
        if top is not None and top.tag in _CLOSES_ITSELF and (top.tag == tag or (top.tag == "p" and tag in _BLOCKS)):
            self._close(len(self._stack) - 1)
        unseen = self._unseen or tag in _UNSEEN or _is_hidden(attributes)
        if tag in _VOID:
            if not unseen:
                self._void(tag, attributes)
            return
        if len(self._stack) >= _DEEPEST:
            return
        opened = _Open(tag, unseen)
        self._stack.append(opened)
        self._open[tag] += 1
        if not unseen:
            self._begin(opened, attributes)

    def end(self, tag: str) -> None:
        """An element ends; so do those in it that were left open."""
        if not self._open[tag]:
            return
        for place in range(len(self._stack) - 1, -1, -1):
            if self._stack[place].tag == tag:
                self._close(place)
                return

    def take_text(self, data: str) -> None:
        """Text of the element that is open."""
        if self._stack and self._stack[-1].tag == "title":
            if len(self.title) < 50:
                self.title.append(data)
            return
        if self._unseen:
            return
        if self._in_pre:
            self.pieces.append(data)
            return
        words = _BLANK.sub(" ", data)
        if words == " " and (not self.pieces or self.pieces[-1].endswith(("\n", " "))):
            return
        self.pieces.append(words.lstrip() if self.pieces and self.pieces[-1].endswith("\n") else words)

    @property
    def _unseen(self) -> bool:
        return bool(self._stack) and self._stack[-1].unseen

    def _begin(self, opened: _Open, attributes: dict[str, str]) -> None:
        tag = opened.tag
        if tag in _MAIN and sum(self._open[name] for name in _MAIN) == 1:
            self._mains.append([len(self.pieces)])
        if tag in ("ul", "ol"):
            self._lists.append(_List(tag == "ol"))
        if tag == "li":
            self._item()
        elif tag in ("td", "th"):
            if self.pieces and not self.pieces[-1].endswith("\n"):
                self.pieces.append(" | ")
        elif tag in ("tr", "dt", "dd"):
            self.pieces.append("\n")
        elif tag in _BLOCKS and not (tag in ("ul", "ol") and len(self._lists) > 1):
            self.pieces.append("\n\n")
        if tag == "pre":
            self._in_pre += 1
        self._mark(tag, begins=True)
        if tag == "a":
            opened.link = _joined(self._base, attributes.get("href", ""))
            opened.place = len(self.pieces)

    def _mark(self, tag: str, *, begins: bool) -> None:
        if not self._markdown:
            return
        if tag == "pre":
            self.pieces.append("```\n" if begins else "\n```")
        elif tag == "code" and not self._in_pre:
            self.pieces.append("`")
        elif begins and len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self.pieces.append("#" * int(tag[1]) + " ")
        elif begins and tag == "blockquote":
            self.pieces.append("> ")

    def _item(self) -> None:
        here = self._lists[-1] if self._lists else _List(False)
        here.count += 1
        mark = f"{here.count}. " if here.ordered else "- "
        self.pieces.append("\n" + "  " * max(0, len(self._lists) - 1) + mark)

    def _close(self, place: int) -> None:
        """End the element at `place`, and all that began in it."""
        while len(self._stack) > place:
            opened = self._stack.pop()
            self._open[opened.tag] -= 1
            if not opened.unseen:
                self._end(opened)

    def _end(self, opened: _Open) -> None:
        tag = opened.tag
        if tag == "a":
            self._end_link(opened)
        self._mark(tag, begins=False)
        if tag == "pre":
            self._in_pre = max(0, self._in_pre - 1)
        if tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        if tag in _BLOCKS and tag not in ("li", "td", "th", "tr", "dt", "dd"):
            self.pieces.append("\n" if self._lists else "\n\n")
        if tag in _MAIN and self._mains and len(self._mains[-1]) == 1 and not self._in_main:
            self._mains[-1].append(len(self.pieces))

    @property
    def _in_main(self) -> bool:
        return any(self._open[name] for name in _MAIN)

    def _end_link(self, opened: _Open) -> None:
        text = "".join(self.pieces[opened.place :])
        words = _BLANK.sub(" ", text).strip()
        if not self._markdown or not opened.link or not words:
            return
        before = "\n" if text.startswith("\n") else " " if text.startswith(" ") else ""
        del self.pieces[opened.place :]
        self.pieces.append(f"{before}[{words}]({opened.link})")

    def _void(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "br":
            self.pieces.append("\n")
        elif tag == "hr":
            self.pieces.append("\n\n---\n\n" if self._markdown else "\n\n")
        elif tag == "img" and self._markdown and attributes.get("alt", "").strip():
            link = _joined(self._base, attributes.get("src", ""))
            words = _BLANK.sub(" ", attributes["alt"]).strip()[:300]
            self.pieces.append(f"![{words}]({link})" if link else words)


def _is_hidden(attributes: dict[str, str]) -> bool:
    if "hidden" in attributes or attributes.get("aria-hidden", "").lower() == "true":
        return True
    return _HIDDEN_STYLE.search(attributes.get("style", "")[:2000].lower()) is not None


def _joined(base: str, href: str) -> str:
    """An absolute web address, without blanks; empty where there is none."""
    href = href.strip()
    if not href or href.startswith("#") or len(href) > 2000:
        return ""
    try:
        url = urljoin(base, href)
    except ValueError:
        return ""
    return (
        re.sub(r"[\s()<>]", lambda found: f"%{ord(found[0]):02X}", url) if url.startswith(("http", "mailto:")) else ""
    )
