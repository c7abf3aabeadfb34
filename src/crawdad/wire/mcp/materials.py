"""What servers have beside tools: resources (something to read) and prompts (words for a purpose)."""

from __future__ import annotations

from typing import Any

from crawdad.core.mcp import PromptArgument, ServerPrompt, ServerResource, ServerResult
from crawdad.core.parts import JsonObject, Part, TextPart
from crawdad.wire.mcp.tools import read_content, read_resource_part

_MOST_NAME = 500
_MOST_WORDS = 1000
_MOST_URI = 4000
_MOST_ARGUMENTS = 50
_MOST_PARTS = 200


def read_resources(result: JsonObject, field: str = "resources") -> tuple[list[ServerResource], str]:
    """One page of a list of resources (or `resourceTemplates`), and the cursor of the next."""
    return [one for item in _items(result, field) if (one := _resource(item)) is not None], _cursor(result)


def read_prompts(result: JsonObject) -> tuple[list[ServerPrompt], str]:
    """One page of a list of prompts, and the cursor of the next."""
    return [one for item in _items(result, "prompts") if (one := _prompt(item)) is not None], _cursor(result)


def read_contents(result: JsonObject) -> ServerResult:
    """What a resource holds."""
    return ServerResult([read_resource_part(item) for item in _items(result, "contents")[:_MOST_PARTS]])


def read_prompt(result: JsonObject) -> ServerResult:
    """What a prompt says: its messages, each behind the name of its role."""
    parts: list[Part] = []
    for item in _items(result, "messages")[:_MOST_PARTS]:
        if isinstance(item, dict):
            part = read_content(item.get("content"))
            role = _words(item.get("role"), 20) or "user"
            parts += [TextPart(f"{role}: {part.text}")] if isinstance(part, TextPart) else [TextPart(f"{role}:"), part]
    return ServerResult(parts)


def _resource(item: Any) -> ServerResource | None:
    if not isinstance(item, dict):
        return None
    template = item.get("uriTemplate")
    uri = template if isinstance(template, str) else item.get("uri")
    if not isinstance(uri, str) or not uri or len(uri) > _MOST_URI:
        return None
    name = _words(item.get("title"), _MOST_NAME) or _words(item.get("name"), _MOST_NAME)
    media_type = _words(item.get("mimeType"), 200)
    return ServerResource(
        uri, name, _words(item.get("description"), _MOST_WORDS), media_type, isinstance(template, str)
    )


def _prompt(item: Any) -> ServerPrompt | None:
    name = item.get("name") if isinstance(item, dict) else None
    if not isinstance(name, str) or not name or len(name) > _MOST_NAME:
        return None
    arguments = [
        PromptArgument(one["name"], _words(one.get("description"), _MOST_WORDS), one.get("required") is True)
        for one in _items(item, "arguments")[:_MOST_ARGUMENTS]
        if isinstance(one, dict) and isinstance(one.get("name"), str)
    ]
    return ServerPrompt(name, _words(item.get("description"), _MOST_WORDS), tuple(arguments))


def _items(document: JsonObject, field: str) -> list[Any]:
    found = document.get(field)
    return found if isinstance(found, list) else []


def _cursor(result: JsonObject) -> str:
    cursor = result.get("nextCursor")
    return cursor if isinstance(cursor, str) else ""


def _words(value: Any, most: int) -> str:
    return " ".join(value.split())[:most] if isinstance(value, str) else ""
