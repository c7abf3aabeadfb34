"""Markdown as plain text, for platforms that show it as it stands. Pure."""

from __future__ import annotations

import re

from crawdad.services.channels.chunking import closes, fence_of

_HEADING = re.compile(r"^ {0,3}#{1,6}\s+")
_IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)[^)]*\)")
_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)[^)]*\)")
_CODE = re.compile(r"(`+)(.+?)\1")
_STRONG = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_MOST_NAMES = 3
"""Words behind the mark that begins a block of code: the language and what is said of it. More are a sentence."""
_EMPHASIS = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]+?)(?<=[^\s*])\*(?![\w*])")


def plain_text(text: str) -> str:
    """`text` without its marks. Blocks of code keep their lines, links their address. What is nothing but marks stays as it is:
    no platform takes an empty message."""
    found: list[str] = []
    mark = ""
    for line in text.split("\n"):
        fence = fence_of(line)
        if mark and closes(fence, mark):
            mark = ""
        elif fence is not None and not mark:
            mark, said = fence
            if len(said.split()) > _MOST_NAMES:
                found.append(said.strip())
        else:
            found.append(line if mark else _plain(line))
    bare = "\n".join(found)
    return bare if bare.strip() else text


def _plain(line: str) -> str:
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match[2])
        return f"\0{len(kept) - 1}\0"

    bare = _CODE.sub(keep, _HEADING.sub("", line).replace("\0", ""))
    bare = _IMAGE.sub(lambda one: f"{one[1]} {one[2]}".strip(), bare)
    bare = _LINK.sub(lambda one: one[1] if one[1] == one[2] else f"{one[1]} ({one[2]})", bare)
    bare = _EMPHASIS.sub(r"\1", _STRONG.sub(r"\2", bare))
    return re.sub(r"\0(\d+)\0", lambda one: kept[int(one[1])], bare)
