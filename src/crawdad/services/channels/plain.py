"""Markdown as plain text, for platforms that show it as it stands. Pure."""

from __future__ import annotations

import re

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r"^ {0,3}#{1,6}\s+")
_IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)[^)]*\)")
_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)[^)]*\)")
_CODE = re.compile(r"(`+)(.+?)\1")
_STRONG = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_EMPHASIS = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]+?)(?<=[^\s*])\*(?![\w*])")


def plain_text(text: str) -> str:
    """`text` without its marks. Blocks of code keep their lines, links their address."""
    found: list[str] = []
    code = False
    for line in text.split("\n"):
        if _FENCE.match(line):
            code = not code
            continue
        found.append(line if code else _plain(line))
    return "\n".join(found)


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
