"""The schema of the configuration, for those who draw a form from it: JSON Schema (draft 07) and hints by path."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from crawdad.core.catalogue import MESSAGES
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.setting_names import SETTING_NAMES
from crawdad.core.settings import Settings
from crawdad.core.text import Language, Text
from crawdad.services.configuration.paths import parse_path
from crawdad.services.configuration.secret_paths import looks_secret

_PREFIX = "settings."


class _Draft07(GenerateJsonSchema):
    """As pydantic makes it, with secrets as the texts that they are in the file."""

    schema_dialect = "http://json-schema.org/draft-07/schema#"

    def is_instance_schema(self, schema: core_schema.IsInstanceSchema) -> JsonSchemaValue:
        return {"type": "string", "writeOnly": True}


@cache
def schema() -> JsonObject:
    """The whole schema. Keys that it does not name may be there: they are kept."""
    made = Settings.model_json_schema(by_alias=True, mode="validation", schema_generator=_Draft07)
    return {"$schema": _Draft07.schema_dialect, **made}


@cache
def hints(language: Language = "en") -> JsonObject:
    """What to show beside each setting, by path (`*` for any key or place)."""
    found: JsonObject = {}
    for order, key in enumerate(key for key in MESSAGES if key.startswith(_PREFIX)):
        path = key.removeprefix(_PREFIX).replace(".<id>", ".*").replace("[]", ".*")
        for above in _above(path):
            if above not in found:  # what only holds others has a name, and no words of its own
                found[above] = _hint_for(above, order, language)
        found[path] = {**_hint_for(path, order, language), "help": Text(key).render(language)}
    return found


def _hint_for(path: str, order: int, language: Language) -> JsonObject:
    hint: JsonObject = {"label": _label(path, language), "group": path.partition(".")[0], "order": order}
    return {**hint, "sensitive": True} if looks_secret(path.rpartition(".")[2]) else hint


def _above(path: str) -> list[str]:
    keys = path.split(".")
    return [".".join(keys[:most]) for most in range(1, len(keys)) if keys[most - 1] != "*"]


def lookup(path: str, language: Language = "en") -> JsonObject:
    """One setting: its schema, its hint, and what stands directly in it. Raises BAD_REQUEST."""
    keys = [str(key) for key in parse_path(path)]
    node: Any = schema()
    for key in keys:
        node = _child(node, key)
        if node is None:
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("configuration.no_such_path"))
    node = _resolved(node)
    hint_path, hint = _hint(keys, language)
    told: JsonObject = {"path": path, "schema": {k: v for k, v in node.items() if k not in ("properties", "$defs")}}
    if hint is not None:
        told |= {"hint": hint, "hintPath": hint_path}
    required = node.get("required", ())
    told["children"] = [
        _child_summary([*keys, name], _resolved(child), name in required, language)
        for name, child in node.get("properties", {}).items()
    ]
    return told


def _child_summary(keys: list[str], node: JsonObject, required: bool, language: Language) -> JsonObject:
    hint_path, hint = _hint(keys, language)
    told: JsonObject = {"key": keys[-1], "path": ".".join(keys), "required": required}
    if "type" in node:
        told["type"] = node["type"]
    told["hasChildren"] = any(part in node for part in ("properties", "items", "additionalProperties"))
    return told if hint is None else {**told, "hint": hint, "hintPath": hint_path}


def _child(node: Any, key: str) -> Any:
    node = _resolved(node)
    properties = node.get("properties", {})
    if key in properties:
        return properties[key]
    if key.isdecimal() or key == "*":
        items = node.get("items")
        if items is not None:
            return items
    others = node.get("additionalProperties")
    return others if isinstance(others, dict) else None


def _resolved(node: Any) -> JsonObject:
    """The node itself where it is a reference, alone or beside null."""
    for _ in range(8):
        if "$ref" in node:
            node = schema()["$defs"][node["$ref"].rpartition("/")[2]]
            continue
        branches = [each for each in node.get("anyOf", ()) if each.get("type") != "null"]
        if len(branches) != 1:
            break
        node = branches[0]
    return dict(node)


def _hint(keys: list[str], language: Language) -> tuple[str, Any]:
    """The hint for a path, keys of one's own choice counting as `*`."""
    patterns, known = [""], hints(language)
    for key in keys:
        patterns = [f"{each}.{step}".lstrip(".") for each in patterns for step in (key, "*")]
        patterns = [each for each in patterns if any(path == each or path.startswith(f"{each}.") for path in known)]
    return next(((each, known[each]) for each in patterns if each in known), ("", None))


def _label(path: str, language: Language) -> str:
    name = path.rpartition(".")[2]
    if language == "zh":
        longest = (".".join(path.split(".")[-most:]) for most in (3, 2, 1))
        if found := next((SETTING_NAMES[each] for each in longest if each in SETTING_NAMES), None):
            return found
    spaced = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
    return spaced[:1].upper() + spaced[1:]
