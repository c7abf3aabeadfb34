"""The project's documents, and what stands in them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")


class Block(NamedTuple):
    """A block of code: the document it stands in, its language, its text."""

    page: str
    language: str
    text: str


@cache
def pages() -> dict[str, str]:
    """Every tracked Markdown document by its path. The skills below `src` are data, and for models."""
    listed = subprocess.run(["git", "ls-files", "-z", "*.md"], cwd=ROOT, capture_output=True, check=True).stdout
    return {name: (ROOT / name).read_text(encoding="utf-8") for name in _names(listed)}


def _names(listed: bytes) -> list[str]:
    return [name for name in listed.decode().split("\0") if name and not name.startswith("src/")]


def blocks(language: str, *names: str) -> list[Block]:
    """The blocks of one language, of all documents or of those named."""
    return [
        Block(name, found[1], found[2])
        for name in names or pages()
        for found in _BLOCK.finditer(pages()[name])
        if found[1] == language
    ]


def code(text: str) -> Iterator[str]:
    """Every line of code blocks, and every code span."""
    for found in _BLOCK.finditer(text):
        yield from found[2].splitlines()
    for found in _SPAN.finditer(_BLOCK.sub("", text)):
        yield found[1]
