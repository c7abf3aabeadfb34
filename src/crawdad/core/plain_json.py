"""What others made, such that it can be kept and sent: JSON, and text in Unicode. Pure.

Names of files that are not in UTF-8, and JSON of others, bring halves of surrogate pairs along; code of others gives all kinds
of objects. No encoder, database or model takes them.
"""

from __future__ import annotations

from typing import Any

_DEEPEST = 100
_LARGEST = 2**63


def in_unicode(text: str) -> str:
    """`text` with halves of surrogate pairs replaced; the same object where there are none."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def plain_json(value: Any, depth: int = 0) -> Any:
    """`value` as JSON can say it, what it cannot as text; the same object where nothing is to be changed."""
    if isinstance(value, str):
        return in_unicode(value)
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, int):
        return value if -_LARGEST <= value < _LARGEST else str(value)
    if depth > _DEEPEST:
        return "…"
    if isinstance(value, dict):
        found = {in_unicode(str(key)): plain_json(each, depth + 1) for key, each in value.items()}
        same = len(found) == len(value) and all(found.get(key) is each for key, each in value.items())
        return value if same else found
    if isinstance(value, (list, tuple, set, frozenset)):
        cleaned = [plain_json(each, depth + 1) for each in value]
        same = isinstance(value, list) and all(new is old for new, old in zip(cleaned, value, strict=True))
        return value if same else cleaned
    return in_unicode(value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value))
