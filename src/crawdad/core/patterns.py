"""Patterns over model names."""

from __future__ import annotations


def matches(pattern: str, name: str) -> bool:
    """Whether `name` fits a pattern in which `*` stands for any run of characters, and everything else for itself (model
    names may hold brackets). Linear: no regular expressions, so no pattern can be made to take long (attack case 26)."""
    first, *middle = pattern.split("*")
    if not middle:
        return name == pattern
    last = middle.pop()
    if not name.startswith(first) or len(name) < len(first) + len(last) or not name.endswith(last):
        return False
    position, end = len(first), len(name) - len(last)
    for piece in middle:
        found = name.find(piece, position, end)
        if found < 0:
            return False
        position = found + len(piece)
    return True
