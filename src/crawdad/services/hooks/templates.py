"""Templates of hook mappings: `{{payload.a.b[0]}}`, `{{headers.x}}`, `{{query.x}}`, `{{path}}`, `{{now}}`. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

_PLACE = re.compile(r"\{\{\s*([^{}]{1,200}?)\s*\}\}")
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d{1,6})\]")
_MOST_CHARACTERS = 200_000


@dataclass(frozen=True, slots=True)
class HookCall:
    """A call as templates and transforms see it. `path` is what stands behind the hooks' own path; `headers` hold no
    credentials."""

    path: str
    payload: dict[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    now: str = ""


def render(template: str, call: HookCall) -> str:
    """`template` with its places filled in: what is not there leaves nothing. What is filled in is not looked at again."""
    return _PLACE.sub(lambda found: _spelled(value_of(found[1], call)), template)[:_MOST_CHARACTERS]


def value_of(expression: str, call: HookCall) -> Any:
    """What an expression stands for; None where there is nothing."""
    if expression == "path":
        return call.path
    if expression == "now":
        return call.now
    if expression.startswith("headers."):
        return call.headers.get(expression.removeprefix("headers.").lower())
    if expression.startswith("query."):
        return call.query.get(expression.removeprefix("query."))
    if expression == "payload":
        return call.payload
    return _walk(call.payload, expression.removeprefix("payload."))


def _walk(value: Any, path: str) -> Any:
    at = 0
    while at < len(path):
        step = _STEP.match(path, at)
        if step is None:
            return None
        at = step.end()
        if step[2] is not None:
            place = int(step[2])
            value = value[place] if isinstance(value, list) and place < len(value) else None
        else:
            value = value.get(step[1]) if isinstance(value, dict) else None
    return value


def _spelled(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value).decode()
