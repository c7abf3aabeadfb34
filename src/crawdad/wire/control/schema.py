"""Checks params against a JSON Schema and words what is wrong as clients know it (the English of the validator AJV).

Of JSON Schema this knows: type, const, enum, anyOf, required, properties, additionalProperties (false or a schema), items,
minItems, maxItems, minLength, maxLength, minimum, maximum. The order of findings is the validator's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crawdad.core.parts import JsonObject

Schema = dict[str, Any]

_DEEPEST = 32


def problems_of(schema: Schema, value: Any) -> str:
    """What is wrong with `value`, in one line; empty where nothing is."""
    found: dict[str, None] = {}
    for text in _check(schema, value, "", _DEEPEST):
        found[text] = None
    return "; ".join(found)


def closed(properties: dict[str, Schema], *required: str) -> Schema:
    """An object that has these properties and no others."""
    made: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**made, "required": list(required)} if required else made


def opened(properties: dict[str, Schema], *required: str) -> Schema:
    """An object that may have others as well."""
    return {**closed(properties, *required), "additionalProperties": True}


def words(*allowed: str) -> Schema:
    """One of a few words."""
    return {"anyOf": [{"const": word} for word in allowed]}


STRING: Schema = {"type": "string"}
FILLED: Schema = {"type": "string", "minLength": 1}
BOOLEAN: Schema = {"type": "boolean"}
STRINGS: Schema = {"type": "array", "items": STRING}
NOTHING: Schema = closed({})


def integer(least: int | None = None, most: int | None = None) -> Schema:
    """A whole number within bounds."""
    made: Schema = {"type": "integer"}
    if least is not None:
        made["minimum"] = least
    if most is not None:
        made["maximum"] = most
    return made


_TYPES = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: (
        not isinstance(value, bool) and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))
    ),
}


def _check(schema: Schema, value: Any, at: str, depth: int) -> Iterator[str]:
    kind = schema.get("type")
    if depth == 0:
        return
    if kind is not None and not _TYPES[kind](value):
        yield _told(at, f"must be {kind}")
        return
    if "const" in schema and not _same(value, schema["const"]):
        yield _told(at, "must be equal to constant")
    if "enum" in schema and not any(_same(value, each) for each in schema["enum"]):
        yield _told(at, "must be equal to one of the allowed values")
    if isinstance(value, str):
        yield from _check_text(schema, value, at)
    elif isinstance(value, dict):
        yield from _check_object(schema, value, at, depth)
    elif isinstance(value, list):
        yield from _check_list(schema, value, at, depth)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _check_number(schema, value, at)
    if "anyOf" in schema:
        branches = [list(_check(each, value, at, depth - 1)) for each in schema["anyOf"]]
        if all(branches):
            for branch in branches:
                yield from branch
            yield _told(at, "must match a schema in anyOf")


def _check_text(schema: Schema, value: str, at: str) -> Iterator[str]:
    if len(value) > schema.get("maxLength", len(value)):
        yield _told(at, f"must NOT have more than {schema['maxLength']} characters")
    if len(value) < schema.get("minLength", 0):
        yield _told(at, f"must NOT have fewer than {schema['minLength']} characters")


def _check_number(schema: Schema, value: float, at: str) -> Iterator[str]:
    if value > schema.get("maximum", value):
        yield _told(at, f"must be <= {schema['maximum']}")
    if value < schema.get("minimum", value):
        yield _told(at, f"must be >= {schema['minimum']}")


def _check_list(schema: Schema, value: list[Any], at: str, depth: int) -> Iterator[str]:
    if len(value) > schema.get("maxItems", len(value)):
        yield _told(at, f"must NOT have more than {schema['maxItems']} items")
    if len(value) < schema.get("minItems", 0):
        yield _told(at, f"must NOT have fewer than {schema['minItems']} items")
    if "items" in schema:
        for place, item in enumerate(value):
            yield from _check(schema["items"], item, f"{at}/{place}", depth - 1)


def _check_object(schema: Schema, value: JsonObject, at: str, depth: int) -> Iterator[str]:
    properties = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield _told(at, f"must have required property '{name}'")
    others = schema.get("additionalProperties", True)
    for name, item in value.items():
        if name in properties or others is True:
            continue
        if others is False:
            yield f"at {at or 'root'}: unexpected property '{name[:200]}'"
        else:
            yield from _check(others, item, f"{at}/{_pointer(name)}", depth - 1)
    for name, inner in properties.items():
        if name in value:
            yield from _check(inner, value[name], f"{at}/{_pointer(name)}", depth - 1)


def _told(at: str, text: str) -> str:
    return f"at {at}: {text}" if at else text


def _pointer(name: str) -> str:
    return name[:200].replace("~", "~0").replace("/", "~1")


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)
