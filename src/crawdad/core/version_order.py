"""The order of versions (PEP 440), as far as releases of Crawdad use it. Standard library only."""

from __future__ import annotations

import re

_VERSION = re.compile(
    r"v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(a|b|c|rc|alpha|beta|pre|preview)[-_.]?(\d*))?"
    r"(?:(?:[-_.]?(?:post|rev|r)[-_.]?(\d*))|-(\d+))?(?:[-_.]?dev[-_.]?(\d*))?(?:\+[a-z0-9.]+)?\Z",
    re.IGNORECASE,
)
_PHASES = {"a": 0, "alpha": 0, "b": 1, "beta": 1, "c": 2, "rc": 2, "pre": 2, "preview": 2}
_FINAL = 3

VersionKey = tuple[int, tuple[int, ...], tuple[int, int], int, float]


def version_key(text: str) -> VersionKey:
    """What versions are compared by. Raises ValueError for what is none."""
    found = _VERSION.match(text.strip())
    if found is None:
        raise ValueError(text)
    epoch, release, phase, number, post, short_post, dev = found.groups()
    numbers = [int(part) for part in release.split(".")]
    while len(numbers) > 1 and not numbers[-1]:
        numbers.pop()
    is_post = post is not None or short_post is not None
    after = int(post or short_post or 0) if is_post else -1
    before = (_PHASES[phase.lower()], int(number or 0)) if phase else (_FINAL, 0)
    if dev is not None and phase is None and not is_post:
        before = (-1, 0)  # 1.0.dev1 comes before 1.0a1
    return int(epoch or 0), tuple(numbers), before, after, int(dev or 0) if dev is not None else float("inf")


def is_prerelease(text: str) -> bool:
    """Whether a version is an alpha, a beta, a candidate or a development one. Raises ValueError."""
    key = version_key(text)
    return key[2][0] < _FINAL or key[4] != float("inf")


def is_newer(found: str, than: str) -> bool:
    """Whether a version comes after another one; False where one of them is none."""
    try:
        return version_key(found) > version_key(than)
    except ValueError:
        return False
