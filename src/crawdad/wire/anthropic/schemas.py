"""JSON Schema as structured output and strict tools of this protocol take it.

Spec: https://platform.claude.com/docs/en/build-with-claude/structured-outputs (JSON Schema limitations)

Constraints that the vendor does not know (`minimum`, `maxLength`, …) are moved into the description, where the model
still reads them. Schemas that would mean something else afterwards (recursion, references out of the document, objects
open to any key) are not reduced at all.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import Any

import orjson

from crawdad.core.parts import JsonObject

_KEPT = frozenset(
    {
        "type", "title", "description", "enum", "const", "default", "anyOf", "allOf", "$ref", "$defs", "definitions",
        "properties", "required", "additionalProperties", "items", "minItems", "format", "pattern",
    }
)  # fmt: skip
_SILENT = frozenset({"$schema", "$id", "$comment", "examples"})
_FORMATS = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"}
)  # fmt: skip
_MAX_DEPTH = 64


class _Inexpressible(Exception):
    """The schema cannot be said here."""


def reduced(schema: JsonObject) -> JsonObject | None:
    """`schema` within the vendor's subset; None where that would change its meaning."""
    try:
        result = _reduce(schema, 0)
        _refuse_recursion(result)
    except (_Inexpressible, orjson.JSONEncodeError):
        return None
    return result


def _reduce(schema: Any, depth: int) -> JsonObject:
    if depth > _MAX_DEPTH or not isinstance(schema, dict):
        raise _Inexpressible
    result: JsonObject = {}
    lost: JsonObject = {}
    if "anyOf" not in schema and "oneOf" in schema:
        schema = {("anyOf" if key == "oneOf" else key): value for key, value in schema.items()}
    for key, value in schema.items():
        if key in _SILENT:
            continue
        if key not in _KEPT or _unknown_value(key, value):
            lost[key] = value
        else:
            result[key] = _reduce_value(key, value, depth + 1)
    if schema.get("type") == "object" or "properties" in schema:
        if schema.get("additionalProperties", False) is not False or not isinstance(schema.get("properties", {}), dict):
            raise _Inexpressible
        result["additionalProperties"] = False
    if lost:
        words = "{" + ", ".join(f"{key}: {orjson.dumps(value).decode()}" for key, value in lost.items()) + "}"
        result["description"] = f"{result['description']}\n\n{words}" if "description" in result else words
    return result


def _unknown_value(key: str, value: Any) -> bool:
    if key == "format":
        return not isinstance(value, str) or value not in _FORMATS
    return key == "minItems" and value not in (0, 1)


def _reduce_value(key: str, value: Any, depth: int) -> Any:
    if key in ("properties", "$defs", "definitions"):
        if not isinstance(value, dict):
            raise _Inexpressible
        return {name: _reduce(item, depth) for name, item in value.items()}
    if key in ("anyOf", "allOf"):
        if not isinstance(value, list):
            raise _Inexpressible
        return [_reduce(item, depth) for item in value]
    if key == "items":
        return _reduce(value, depth)
    if key == "$ref" and not (isinstance(value, str) and value.startswith("#/")):
        raise _Inexpressible
    return value


def _refuse_recursion(schema: JsonObject) -> None:
    """Raises where a definition leads back to itself, or a reference points anywhere but to a definition."""
    definitions = {
        f"#/{word}/{name}": definition
        for word in ("$defs", "definitions")
        for name, definition in schema.get(word, {}).items()
    }
    arrows = {name: _references(definition) for name, definition in definitions.items()}
    if not _references(schema) <= definitions.keys():
        raise _Inexpressible
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError:
        raise _Inexpressible from None


def _references(schema: Any) -> set[str]:
    """Every `$ref` within `schema`."""
    found: set[str] = set()
    waiting = [schema]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if isinstance(item.get("$ref"), str):
                found.add(item["$ref"])
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return found
