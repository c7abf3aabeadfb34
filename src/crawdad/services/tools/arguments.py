"""Whether a call's arguments fit a tool's JSON Schema, in words that a model can act on.

What models customarily get wrong and what can be read only one way is mended: a number or a boolean written as text, JSON
written as text, one value where a list of it belongs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text

_DEEPEST = 32
_LONGEST = 200


def checked_arguments(arguments: JsonObject, schema: JsonObject) -> JsonObject:
    """The arguments as the tool gets them. Raises BAD_REQUEST naming the first thing that is wrong."""
    checked = _Check(schema).value(arguments, schema, "", 0)
    if not isinstance(checked, dict):
        raise _fault("", "tools.not_of_type", wanted="object")
    return checked


def _fault(path: str, key: str, **values: object) -> GatewayError:
    words = Text(key, {"param": path or "arguments", **values})
    return GatewayError(ErrorKind.BAD_REQUEST, words, {"param": path or "arguments", "code": "bad_arguments"})


class _Check:
    def __init__(self, root: JsonObject) -> None:
        self._root = root

    def value(self, value: Any, schema: Any, path: str, depth: int) -> Any:
        if not isinstance(schema, Mapping) or depth > _DEEPEST:
            return value
        schema = self._resolved(schema)
        for word in ("anyOf", "oneOf"):
            if isinstance(schema.get(word), list) and schema[word]:
                value = self._any_of(value, schema[word], path, depth)
        if isinstance(schema.get("allOf"), list):
            for each in schema["allOf"]:
                value = self.value(value, each, path, depth + 1)
        value = self._typed(value, schema, path)
        if "const" in schema and value != schema["const"]:
            raise _fault(path, "tools.not_one_of", choices=_shown(schema["const"]))
        if isinstance(schema.get("enum"), list) and value not in schema["enum"]:
            raise _fault(path, "tools.not_one_of", choices=", ".join(map(_shown, schema["enum"][:50])))
        if isinstance(value, dict):
            return self._object(value, schema, path, depth)
        if isinstance(value, list):
            return self._list(value, schema, path, depth)
        _bounds(value, schema, path)
        return value

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """A schema behind `$ref`, within the same document."""
        for _ in range(_DEEPEST):
            reference = schema.get("$ref")
            if not isinstance(reference, str) or not reference.startswith("#"):
                return schema
            found: Any = self._root
            for name in reference[1:].split("/")[1:]:
                found = found.get(name.replace("~1", "/").replace("~0", "~")) if isinstance(found, Mapping) else None
            if not isinstance(found, Mapping):
                return {}
            schema = found
        return {}

    def _any_of(self, value: Any, choices: list[Any], path: str, depth: int) -> Any:
        first: GatewayError | None = None
        for choice in choices:
            try:
                return self.value(value, choice, path, depth + 1)
            except GatewayError as error:
                first = first or error
        assert first is not None
        raise first

    def _typed(self, value: Any, schema: Mapping[str, Any], path: str) -> Any:
        named = schema.get("type")
        wanted = [named] if isinstance(named, str) else [each for each in named or () if isinstance(each, str)]
        if not wanted or any(_is(value, kind) for kind in wanted):
            return int(value) if isinstance(value, float) and "integer" in wanted and "number" not in wanted else value
        for kind in wanted:
            mended = _mended(value, kind)
            if mended is not None:
                return mended
        raise _fault(path, "tools.not_of_type", wanted=" | ".join(wanted))

    def _object(self, value: JsonObject, schema: Mapping[str, Any], path: str, depth: int) -> JsonObject:
        properties = schema.get("properties") or {}
        for name in schema.get("required") or ():
            if name not in value:
                raise _fault(_join(path, name), "tools.argument_missing")
        others = schema.get("additionalProperties", True)
        result: JsonObject = {}
        for name, member in value.items():
            if name in properties:
                if member is None and name not in (schema.get("required") or ()) and not _nullable(properties[name]):
                    continue  # null is how some models leave a thing out
                result[name] = self.value(member, properties[name], _join(path, name), depth + 1)
            elif others is False:
                known = ", ".join(map(str, properties)) or "-"
                raise _fault(_join(path, name), "tools.argument_unknown", known=known)
            else:
                result[name] = self.value(member, others, _join(path, name), depth + 1)
        return result

    def _list(self, value: list[Any], schema: Mapping[str, Any], path: str, depth: int) -> list[Any]:
        _length(len(value), schema, "minItems", "maxItems", path)
        items = schema.get("items")
        return [self.value(each, items, f"{path}[{place}]", depth + 1) for place, each in enumerate(value)]


def _is(value: Any, kind: str) -> bool:
    if kind in ("integer", "number"):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and (kind == "number" or float(value).is_integer())
    kinds: dict[str, type] = {"string": str, "boolean": bool, "object": dict, "array": list, "null": type(None)}
    return isinstance(value, kinds[kind]) if kind in kinds else True


def _mended(value: Any, kind: str) -> Any:
    """What was probably meant; None: nothing that is certain."""
    if kind == "array" and isinstance(value, str | int | float | bool) and not str(value).lstrip().startswith("["):
        return [value]
    if kind == "string":
        return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    if not isinstance(value, str):
        return None
    try:
        read = json.loads(value.strip().lower() if kind == "boolean" else value)
    except (ValueError, RecursionError):
        return None
    return read if kind != "null" and _is(read, kind) else None


def _bounds(value: Any, schema: Mapping[str, Any], path: str) -> None:
    if isinstance(value, str):
        _length(len(value), schema, "minLength", "maxLength", path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        least, most = schema.get("minimum"), schema.get("maximum")
        if (least is not None and value < least) or (most is not None and value > most):
            raise _fault(path, "tools.out_of_range", least=_shown(least), most=_shown(most))


def _length(length: int, schema: Mapping[str, Any], least_word: str, most_word: str, path: str) -> None:
    least, most = schema.get(least_word), schema.get(most_word)
    if (least is not None and length < least) or (most is not None and length > most):
        raise _fault(path, "tools.bad_length", length=length, least=_shown(least), most=_shown(most))


def _nullable(schema: Any) -> bool:
    if not isinstance(schema, Mapping):
        return True
    kind = schema.get("type")
    return kind is None or kind == "null" or (isinstance(kind, list) and "null" in kind)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _shown(value: Any) -> str:
    return "-" if value is None else json.dumps(value, ensure_ascii=False)[:_LONGEST]
