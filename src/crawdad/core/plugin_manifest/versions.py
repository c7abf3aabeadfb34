"""Versions of plugins, and the ranges in which they name the version of the gateway's door."""

from __future__ import annotations

import re

PLUGIN_API = (1, 0)
"""The version of what plugins are offered: the first number changes when old plugins no longer work."""


VERSION = re.compile(r"(\d{1,9}(?:\.\d{1,9}){0,3})((?:[-+.]?[A-Za-z][A-Za-z0-9.+-]*)?)")


_RANGE = re.compile(r"\s*(>=|<=|==|~=|>|<|)\s*(\d{1,9})(?:\.(\d{1,9}))?(?:\.\d+)?\s*")


def version_key(version: str) -> tuple[tuple[int, ...], bool, str]:
    """Sorts versions: `1.0-beta` before `1.0`."""
    found = VERSION.fullmatch(version)
    if found is None:
        return (), False, version
    numbers = tuple(int(each) for each in found[1].split("."))
    return (*numbers, *(0,) * (4 - len(numbers))), not found[2], found[2]


def api_fits(wanted: str) -> bool:
    """Whether a range such as `>=1,<2` holds the version of this gateway's door."""
    return all(_holds(PLUGIN_API, *part) for part in ranges_of(wanted) or ())


def ranges_of(wanted: str) -> list[tuple[str, tuple[int, ...]]] | None:
    """The parts of a range, `(sign, numbers)` each; None: it is none."""
    found = []
    for part in wanted.split(","):
        match = _RANGE.fullmatch(part)
        if match is None:
            return None
        found.append((match[1] or "==", tuple(int(each) for each in match.groups()[1:3] if each is not None)))
    return found


def _holds(version: tuple[int, int], sign: str, wanted: tuple[int, ...]) -> bool:
    cut = version[: len(wanted)]
    if sign == "~=":
        return version >= wanted and version[0] == wanted[0]
    return {
        "==": cut == wanted,
        ">=": cut >= wanted,
        "<=": cut <= wanted,
        ">": cut > wanted,
        "<": cut < wanted,
    }[sign]
