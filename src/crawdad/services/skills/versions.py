"""Which of two versions is the newer. Pure, total over any text."""

from __future__ import annotations

_Part = tuple[int, int, str]


def version_key(version: str) -> tuple[tuple[_Part, ...], bool, tuple[_Part, ...]]:
    """What versions are compared by: `1.10` comes after `1.9`, `1.0` is `1`, `2.0-rc.1` comes before `2.0`, a build (`+x`)
    counts for nothing."""
    bare, _, before = version.strip().lower().removeprefix("v").partition("+")[0].partition("-")
    parts = [_part(part) for part in bare.replace("_", ".").split(".")]
    while parts and parts[-1] == (1, 0, ""):
        parts.pop()
    return tuple(parts), not before, tuple(_part(part) for part in before.split("."))


def _part(text: str) -> _Part:
    return (1, int(text[:18]), "") if text.isdecimal() else (0, 0, text)
