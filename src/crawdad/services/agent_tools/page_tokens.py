"""Cutting a web page into tags and text, in time that grows with its length and no faster, whatever somebody wrote.

The standard library's parser looks through the rest of the page again and again for what never ends; here whatever never
ends takes the rest with it, once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from html import unescape

_NAME = re.compile(r"[A-Za-z][^\s/>]*+")
_GAP = re.compile(r"[\s/]*+")
_ATTRIBUTE = re.compile(r"""([^\s/>=][^\s/>=]*+|=)(?:\s*+=\s*+("[^"]*+"|'[^']*+'|[^\s>]*+))?""")
_RAW = frozenset(("script", "style", "textarea", "title", "iframe", "noframes", "xmp"))
"""Elements whose content is text up to their own end."""
_MOST_ATTRIBUTES = 200


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag that begins an element, or (`ends`) ends one."""

    name: str
    ends: bool = False
    attributes: dict[str, str] = field(default_factory=dict)


def page_tokens(html: str) -> Iterator[Tag | str]:
    """Tags and the text between them, in order."""
    position = 0
    while (start := html.find("<", position)) >= 0:
        if start > position:
            yield _text(html[position:start])
        position = start
        after = html[start + 1 : start + 2]
        if after in ("!", "?", "/"):
            ending = "-->" if html.startswith("<!--", start) else ">"
            end = html.find(ending, start + 2)
            if end < 0:
                return
            position = end + len(ending)
            if after == "/" and (name := _NAME.match(html, start + 2)):
                yield Tag(name[0].lower(), ends=True)
        elif name := _NAME.match(html, start + 1):
            tag, position = _begin(html, name)
            if tag is None:
                return
            yield tag
            if tag.name in _RAW:
                ending_tag = _end_of(tag.name).search(html, position)
                if ending_tag is None:
                    return
                yield _text(html[position : ending_tag.start()])
                position = ending_tag.start()
        else:
            yield "<"
            position = start + 1
    if position < len(html):
        yield _text(html[position:])


def _begin(html: str, name: re.Match[str]) -> tuple[Tag | None, int]:
    """A tag that begins, and what comes behind it; None where it never ends."""
    attributes: dict[str, str] = {}
    position = name.end()
    while True:
        gap = _GAP.match(html, position)
        position = gap.end() if gap else position
        if position >= len(html):
            return None, position
        if html[position] == ">":
            return Tag(name[0].lower(), attributes=attributes), position + 1
        found = _ATTRIBUTE.match(html, position)
        if found is None:
            position += 1
            continue
        position = found.end()
        key = found[1].lower()
        if len(attributes) < _MOST_ATTRIBUTES and key not in attributes:
            value = found[2] or ""
            attributes[key] = _text(value[1:-1] if value[:1] in ("'", '"') and len(value) > 1 else value)


@cache
def _end_of(name: str) -> re.Pattern[str]:
    return re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)


def _text(text: str) -> str:
    if "&" not in text:
        return text
    try:
        return unescape(text)
    except ValueError:  # a number of a character with thousands of digits
        return text
