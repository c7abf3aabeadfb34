"""Whether a JSON Schema that a plugin hands over can be used: a wrong one would spoil the requests of every agent."""

from __future__ import annotations

import json
from typing import Any

_KINDS = frozenset(("string", "boolean", "object", "array", "null", "number", "integer"))
_MOST_BYTES = 64 * 1024
_DEEPEST = 16


def schema_problem(schema: Any) -> str:
    """What is wrong with it; empty where nothing is. It has to be plain JSON, of type object."""
    try:
        size = len(json.dumps(schema))
    except (TypeError, ValueError, RecursionError):
        return "it is not plain JSON"
    if size > _MOST_BYTES:
        return f"it is larger than {_MOST_BYTES} bytes"
    if not isinstance(schema, dict) or schema.get("type") != "object":
        return "it is not of type object"
    return _problem(schema, "", 0)


def _problem(schema: Any, path: str, depth: int) -> str:
    if isinstance(schema, bool):
        return ""
    if not isinstance(schema, dict):
        return f"{path or 'it'} is no schema"
    if depth > _DEEPEST:
        return "it is too deep"
    kind = schema.get("type")
    if kind is not None and (not isinstance(kind, str) or kind not in _KINDS):
        return f"{path or 'it'} has the type {kind!r}"
    properties, required = schema.get("properties", {}), schema.get("required", [])
    if not isinstance(properties, dict):
        return f"{path}.properties is no object".lstrip(".")
    if not isinstance(required, list) or not all(isinstance(each, str) for each in required):
        return f"{path}.required is no list of names".lstrip(".")
    inner = [(f"{path}.{name}".lstrip("."), each) for name, each in properties.items()]
    inner += [(f"{path}[]", schema["items"])] if "items" in schema else []
    inner += [(f"{path}.*", schema["additionalProperties"])] if "additionalProperties" in schema else []
    for word in ("anyOf", "oneOf", "allOf"):
        found = schema.get(word, [])
        if not isinstance(found, list):
            return f"{path}.{word} is no list".lstrip(".")
        inner += [(path, each) for each in found]
    return next((problem for at, each in inner if (problem := _problem(each, at, depth + 1))), "")
