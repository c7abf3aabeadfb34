"""JSON Schema <-> the subset of OpenAPI 3.0 that Google's `Schema` understands.

https://ai.google.dev/api/caching#Schema. Full JSON Schema (`parametersJsonSchema`, `responseJsonSchema`) is preferred;
reduction is for models and endpoints that know only the subset. A reduced schema never says something else than the
original, only less: references are put in place (a circular one ends in a description), `allOf` is merged, `oneOf` becomes
`anyOf`, and what the subset cannot say stays as words in the description, where the model still reads it.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import orjson

from crawdad.core.errors import GatewayError, bad_request
from crawdad.core.parts import JsonObject
from crawdad.wire.gemini.spelling import camel_fields

MAX_NODES = 10_000
MAX_DEPTH = 64
MAX_CHARACTERS = 4_000_000

_TYPES = frozenset({"object", "array", "string", "number", "integer", "boolean", "null"})
_FORMATS = {
    "string": frozenset({"date-time", "enum"}),
    "number": frozenset({"float", "double"}),
    "integer": frozenset({"int32", "int64"}),
}
_BOUNDS = {
    "object": ("minProperties", "maxProperties"),
    "array": ("minItems", "maxItems"),
    "string": ("minLength", "maxLength"),
    "number": ("minimum", "maximum"),
    "integer": ("minimum", "maximum"),
    "boolean": (),
}
_AS_WORDS = {
    "exclusiveMinimum": "greater than {}",
    "exclusiveMaximum": "less than {}",
    "multipleOf": "multiple of {}",
    "uniqueItems": "unique items: {}",
    "contains": "contains {}",
    "patternProperties": "keys by pattern: {}",
    "propertyNames": "property names: {}",
    "dependentRequired": "dependent fields: {}",
    "not": "not {}",
    "default": "default: {}",
}
_STRUCTURE = frozenset(
    {"type", "properties", "items", "prefixItems", "enum", "const", "anyOf", "oneOf", "allOf", "$ref"}
)
_SCORES = {"object": 3, "array": 2, "null": 0}
_LONGEST_WORDS = 300


# From Google's subset


def from_openapi(schema: JsonObject, path: str, depth: int = 0) -> JsonObject:
    """The JSON Schema that says what Google's `schema` says. Raises BAD_REQUEST beyond `MAX_DEPTH`."""
    if depth > MAX_DEPTH:
        raise bad_request("wire.too_deep", path)
    source = camel_fields(schema)
    result: JsonObject = {}
    for key, value in source.items():
        if key == "type":
            _take_type(result, value)
        elif key in ("properties", "defs", "$defs") and isinstance(value, dict):
            name = "properties" if key == "properties" else "$defs"
            result[name] = {k: _inner(v, path, depth) for k, v in value.items()}
        elif key in ("anyOf", "oneOf", "allOf", "prefixItems") and isinstance(value, list):
            result[key] = [_inner(item, path, depth) for item in value]
        elif key in ("items", "additionalProperties"):
            result[key] = _inner(value, path, depth)
        elif key == "ref" and isinstance(value, str):
            result["$ref"] = value.replace("#/defs/", "#/$defs/", 1)
        elif key == "example":
            result["examples"] = [value]
        elif key not in ("nullable", "propertyOrdering") and (key, value) != ("format", "enum"):
            # 64-bit numbers are strings in Google's JSON.
            digits = key[:3] in ("min", "max") and isinstance(value, str) and value.isdecimal() and len(value) < 19
            result[key] = int(value) if digits else value
    if source.get("nullable") is True:
        _allow_null(result)
    return result


def _inner(value: Any, path: str, depth: int) -> Any:
    return from_openapi(value, path, depth + 1) if isinstance(value, dict) else value


def _take_type(result: JsonObject, value: Any) -> None:
    if isinstance(value, str) and value.upper() != "TYPE_UNSPECIFIED":
        result["type"] = value.lower()
    elif isinstance(value, list):
        result["type"] = [item.lower() for item in value if isinstance(item, str)]


def _allow_null(result: JsonObject) -> None:
    if isinstance(result.get("type"), str):
        result["type"] = [result["type"], "null"]
        if isinstance(result.get("enum"), list):
            result["enum"] = [*result["enum"], None]
    elif isinstance(result.get("anyOf"), list):
        result["anyOf"] = [*result["anyOf"], {"type": "null"}]


# Into Google's subset


def to_openapi(schema: JsonObject, path: str) -> JsonObject:
    """`schema` reduced to what Google's `Schema` can say. Raises BAD_REQUEST when the result would be too large."""
    return _Reducer(schema, path).reduce(schema, frozenset(), 0)


class _Reducer:
    def __init__(self, root: JsonObject, path: str) -> None:
        self._root = root
        self._path = path
        self._nodes = 0
        self._characters = 0
        self._definitions: JsonObject | None = None

    def reduce(self, schema: Any, trail: frozenset[str], depth: int) -> JsonObject:
        self._spend(1)
        if depth > MAX_DEPTH:
            raise self._too_large()
        if not isinstance(schema, dict):
            return {"type": "STRING", "description": "any value"}
        node, trail = self._expand(schema, trail, depth)
        nullable = node.get("nullable") is True
        types = [t for t in _types(node) if t != "null"]
        nullable = nullable or "null" in _types(node)
        branches = node.pop("anyOf", None) or node.pop("oneOf", None)
        if isinstance(branches, list) and branches:
            return self._any_of(node, branches, trail, depth, nullable)
        if len(types) > 1:
            return self._any_of({**node, "type": None}, [{"type": t} for t in types], trail, depth, nullable)
        kind = types[0] if types else _guess_type(node)
        result: JsonObject = {"type": kind.upper()}
        words: list[str] = [] if types or kind != "string" or node.keys() & _STRUCTURE else ["any value"]
        if kind == "object":
            self._object(node, result, words, trail, depth)
        elif kind == "array":
            self._array(node, result, words, trail, depth)
        self._scalar(node, kind, result, words)
        if nullable:
            result["nullable"] = True
        self._describe(node, result, words)
        return result

    # Size

    def _spend(self, nodes: int, characters: int = 0) -> None:
        self._nodes += nodes
        self._characters += characters
        if self._nodes > MAX_NODES or self._characters > MAX_CHARACTERS:
            raise self._too_large()

    def _too_large(self) -> GatewayError:
        return bad_request("wire.schema_too_large", self._path)

    def _short(self, value: Any) -> str:
        """A value in a few words."""
        if isinstance(value, dict):
            kinds = _types(value)
            if kinds and value.keys() <= {"type", "title", "description"}:
                return " or ".join(kinds)
        if isinstance(value, str):
            return value[:_LONGEST_WORDS]
        try:
            text = orjson.dumps(value).decode()
        except orjson.JSONEncodeError:
            return "…"
        self._spend(0, len(text))
        return text[:_LONGEST_WORDS]

    # References and allOf

    def _expand(self, schema: JsonObject, trail: frozenset[str], depth: int) -> tuple[JsonObject, frozenset[str]]:
        """`schema` with its references followed and its `allOf` merged, as a dict of our own."""
        if depth > MAX_DEPTH:
            raise self._too_large()
        node: JsonObject = {}
        self._merge(node, schema)
        reference = node.pop("$ref", None)
        if isinstance(reference, str):
            target = None if reference in trail else self._resolve(reference)
            name = reference.rpartition("/")[2]
            if target is None:
                what = "same structure as" if reference in trail else "see"
                self._merge(node, {"type": "object", "description": f"({what} {name[:100]})"})
            else:
                inner, trail = self._expand(target, trail | {reference}, depth + 1)
                self._merge(node, inner)
        parts = node.pop("allOf", None)
        came = trail
        for part in parts if isinstance(parts, list) else ():
            if isinstance(part, dict):
                inner, went = self._expand(part, came, depth + 1)
                trail |= went
                self._merge(node, inner)
        return node, trail

    def _merge(self, node: JsonObject, other: JsonObject) -> None:
        """Add what `other` says to `node`, where the first word counts."""
        self._spend(0, 16)
        for key, value in other.items():
            if key == "properties":
                self._merge_properties(node, value)
            elif key == "required":
                if isinstance(value, list):
                    names = (name for name in value if isinstance(name, str))
                    node["required"] = list(dict.fromkeys((*node.get("required", ()), *names)))
                    self._spend(0, 16 * len(node["required"]))
            elif key == "description" and isinstance(value, str) and isinstance(node.get(key), str):
                self._spend(0, len(node[key]) + len(value))
                if value not in node[key]:
                    node[key] = f"{node[key]} {value}"
            elif key not in ("$defs", "definitions"):
                node.setdefault(key, value)

    def _merge_properties(self, node: JsonObject, properties: Any) -> None:
        if isinstance(properties, dict):
            self._spend(0, 16 * len(properties))
            own = node.setdefault("properties", {})
            for name, child in properties.items():
                own.setdefault(name, child)

    def _resolve(self, reference: str) -> JsonObject | None:
        if reference == "#":
            return self._root
        if reference.startswith("#/"):
            found: Any = self._root
            for step in reference[2:].split("/"):
                name = unquote(step).replace("~1", "/").replace("~0", "~")
                if isinstance(found, dict):
                    found = found.get(name)
                elif isinstance(found, list) and name.isdecimal() and len(name) < 6 and int(name) < len(found):
                    found = found[int(name)]
                else:
                    found = None
            if isinstance(found, dict):
                return found
        if self._definitions is None:
            self._definitions = self._collect()
        found = self._definitions.get(reference.rpartition("/")[2])
        return found if isinstance(found, dict) else None

    def _collect(self) -> JsonObject:
        """The definitions of every level by name; tools often keep them where they are used."""
        found: JsonObject = {}
        waiting: list[Any] = [self._root]
        while waiting:
            value = waiting.pop()
            self._spend(0, 16)
            if isinstance(value, dict):
                for key in ("$defs", "definitions"):
                    if isinstance(value.get(key), dict):
                        found |= {name: item for name, item in value[key].items() if name not in found}
                waiting.extend(value.values())
            elif isinstance(value, list):
                waiting.extend(item for item in value if isinstance(item, (dict, list)))
        return found

    # Alternatives

    def _any_of(
        self, node: JsonObject, branches: list[Any], trail: frozenset[str], depth: int, nullable: bool
    ) -> JsonObject:
        options: list[tuple[JsonObject, frozenset[str]]] = []
        for branch in branches:
            option, inner_trail = self._expand(branch if isinstance(branch, dict) else {}, trail, depth + 1)
            if _types(option) == ["null"] or option.get("const", 0) is None:
                nullable = True
            else:
                options.append((option, inner_trail))
        if nullable:
            node["nullable"] = True
        base = {key: value for key, value in node.items() if value is not None}
        structured = any(base.get(key) for key in _STRUCTURE)
        plain = [option for option, _ in options if not option.keys() & _STRUCTURE]
        if structured and len(plain) == len(options):
            rules = "; ".join(self._short(option) for option in plain)
            return self.reduce(
                {**base, "description": _joined(base, f"(one of these holds: {rules})")}, trail, depth + 1
            )
        if len(options) <= 1 or structured or depth == 0:
            return self._best(base, options, trail, depth)
        result: JsonObject = {"anyOf": []}
        beside = {key: value for key, value in base.items() if key not in ("description", "nullable", "default")}
        for option, inner_trail in options:
            # Google wants nothing beside anyOf, so each branch carries what stood beside it.
            self._merge(option, beside)
            reduced = self.reduce(option, inner_trail, depth + 1)
            if nullable:
                reduced["nullable"] = True
            self._describe(base, reduced, [])
            result["anyOf"].append(reduced)
        return result

    def _best(
        self,
        base: JsonObject,
        options: list[tuple[JsonObject, frozenset[str]]],
        trail: frozenset[str],
        depth: int,
    ) -> JsonObject:
        if not options:
            return self.reduce(base, trail, depth + 1)
        chosen, trail = max(options, key=lambda option: _score(option[0]))
        merged: JsonObject = {}
        self._merge(merged, base)
        self._merge(merged, chosen)
        others = sorted({kind for option, _ in options if option is not chosen for kind in _types(option)})
        if others:
            merged["description"] = _joined(merged, f"(may also be: {', '.join(others)})")
        return self.reduce(merged, trail, depth + 1)

    # Kinds of values

    def _object(
        self, node: JsonObject, result: JsonObject, words: list[str], trail: frozenset[str], depth: int
    ) -> None:
        properties = node.get("properties")
        if isinstance(properties, dict) and properties:
            result["properties"] = {}
            for name, child in properties.items():
                self._spend(0, len(name))
                result["properties"][name] = self.reduce(child, trail, depth + 1)
            required = [name for name in node.get("required", ()) if name in properties]
            if required:
                result["required"] = required
        others = node.get("additionalProperties")
        if isinstance(others, dict) and others:
            words.append(f"any keys, each value: {self._short(others)}")

    def _array(self, node: JsonObject, result: JsonObject, words: list[str], trail: frozenset[str], depth: int) -> None:
        items = node.get("items")
        row = node.get("prefixItems") or (items if isinstance(items, list) else None)
        if isinstance(row, list) and row:
            words.append("items in order: " + ", ".join(self._short(item) for item in row[:20]))
            kinds = {self._short(item): item for item in row[:20]}
            items = row[0] if len(kinds) == 1 else {"anyOf": list(kinds.values())}
            result["minItems"] = result["maxItems"] = len(row)
        result["items"] = self.reduce({"type": "string"} if items is None else items, trail, depth + 1)

    def _scalar(self, node: JsonObject, kind: str, result: JsonObject, words: list[str]) -> None:
        values = [node["const"]] if "const" in node else node.get("enum")
        if isinstance(values, list) and values:
            self._enum(values, kind, result, words)
        name = node.get("format")
        if isinstance(name, str):
            if name in _FORMATS.get(kind, ()):
                result["format"] = name
            else:
                words.append(f"format: {name[:100]}")
        if kind == "string" and isinstance(node.get("pattern"), str):
            self._spend(0, len(node["pattern"]))
            result["pattern"] = node["pattern"]
        for key in _BOUNDS[kind]:
            bound = node.get(key)
            if isinstance(bound, (int, float)) and not isinstance(bound, bool):
                result.setdefault(key, bound)
        for key, form in _AS_WORDS.items():
            value = node.get(key)
            if value is not None and (value is not False or key == "default"):
                words.append(form.format(self._short(value)))

    def _enum(self, values: list[Any], kind: str, result: JsonObject, words: list[str]) -> None:
        if None in values:
            result["nullable"] = True
        values = [value for value in values if value is not None]
        strings = [value for value in values if isinstance(value, str) and value]
        if kind == "string" and strings:
            self._spend(0, sum(len(value) + 4 for value in strings))
            result["enum"] = list(dict.fromkeys(strings))
        if values and (kind != "string" or len(strings) < len(values)):
            words.append("one of: " + ", ".join(self._short(value) for value in values[:50]))

    def _describe(self, node: JsonObject, result: JsonObject, words: list[str]) -> None:
        """Give `result` the description of `node` and the words for what the subset cannot say."""
        said = node.get("description")
        pieces = [said] if isinstance(said, str) and said else []
        if words:
            pieces.append(f"({'; '.join(words)})")
        if result.get("description") and result["description"] not in pieces:
            pieces.append(result["description"])
        if pieces:
            result["description"] = " ".join(pieces)
            self._spend(0, len(result["description"]))


def _types(node: JsonObject) -> list[str]:
    value = node.get("type")
    names = value if isinstance(value, list) else [value]
    return list(dict.fromkeys(name.lower() for name in names if isinstance(name, str) and name.lower() in _TYPES))


def _guess_type(node: JsonObject) -> str:
    """The type of a schema that names none."""
    if "properties" in node or isinstance(node.get("additionalProperties"), dict):
        return "object"
    if "items" in node or "prefixItems" in node:
        return "array"
    values = [node["const"]] if "const" in node else node.get("enum")
    sample = next((value for value in values if value is not None), "") if isinstance(values, list) else ""
    if isinstance(sample, bool):
        return "boolean"
    if isinstance(sample, int):
        return "integer"
    numeric = isinstance(sample, float) or any(key in node for key in ("minimum", "maximum", "multipleOf"))
    return "number" if numeric else "string"


def _score(node: JsonObject) -> int:
    kinds = _types(node) or [_guess_type(node)]
    return max(_SCORES.get(kind, 1) for kind in kinds)


def _joined(node: JsonObject, words: str) -> str:
    said = node.get("description")
    return f"{said} {words}" if isinstance(said, str) and said else words
