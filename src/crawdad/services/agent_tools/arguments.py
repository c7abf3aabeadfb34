"""Reading what a model wrote as a tool's arguments: what is wrong is told in words that it can act on."""

from __future__ import annotations

from crawdad.core.errors import bad_request
from crawdad.core.parts import JsonObject


def need_text(arguments: JsonObject, name: str, longest: int = 10_000) -> str:
    """A string that must be there, and not empty. Raises BAD_REQUEST."""
    text = get_text(arguments, name, longest)
    if not text:
        raise bad_request("arguments.missing", name)
    return text


def get_text(arguments: JsonObject, name: str, longest: int = 10_000) -> str:
    """A string, trimmed; empty where it was left out. Raises BAD_REQUEST."""
    value = arguments.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise bad_request("arguments.type", name, expected="string")
    if len(value) > longest:
        raise bad_request("arguments.too_long", name, most=longest)
    return value.strip()


def get_number(arguments: JsonObject, name: str, default: float, least: float, most: float) -> float:
    """A number within its limits; a numeral will do. Raises BAD_REQUEST where it is none."""
    value = arguments.get(name)
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            raise bad_request("arguments.type", name, expected="number") from None
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
        raise bad_request("arguments.type", name, expected="number")
    return min(max(float(value), least), most)


def get_count(arguments: JsonObject, name: str, default: int, least: int, most: int) -> int:
    """A whole number within its limits."""
    return int(get_number(arguments, name, default, least, most))


def get_texts(arguments: JsonObject, name: str, most: int = 20) -> list[str]:
    """Strings; a single one will do. Raises BAD_REQUEST."""
    value = arguments.get(name)
    if value is None:
        return []
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise bad_request("arguments.type", name, expected="array of strings")
    if len(value) > most:
        raise bad_request("arguments.too_many", name, most=most)
    return value


def schema(properties: JsonObject, required: tuple[str, ...] = ()) -> JsonObject:
    """A JSON Schema of an object."""
    found: JsonObject = {"type": "object", "properties": properties}
    if required:
        found["required"] = list(required)
    return found
