"""What a request's body tells of the conversation that it belongs to, in any protocol. Pure, and total: never raises."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crawdad.core.parts import JsonObject

_MOST_MESSAGES = 50
_MOST_CHARACTERS = 4000
_NAMES = ("prompt_cache_key", "conversation_id", "session_id", "user")
_USER = (None, "user")


def named_conversation(body: JsonObject) -> str | None:
    """The name that the client gave its conversation or user."""
    metadata = body.get("metadata")
    user_id = metadata.get("user_id") if isinstance(metadata, dict) else None
    if isinstance(user_id, str) and user_id and "session-" not in user_id:
        return user_id[:_MOST_CHARACTERS]
    for name in _NAMES:
        value = body.get(name)
        if isinstance(value, str) and value:
            return value[:_MOST_CHARACTERS]
    return None


def user_texts(body: JsonObject) -> Iterator[str]:
    """The texts of the user's messages, first to last, as chat, messages, responses and Gemini write them."""
    for key in ("messages", "input", "contents"):
        listed = body.get(key)
        if isinstance(listed, str):
            yield listed[:_MOST_CHARACTERS]
        elif isinstance(listed, list):
            for entry in listed[:_MOST_MESSAGES]:
                if isinstance(entry, str):
                    yield entry[:_MOST_CHARACTERS]
                elif isinstance(entry, dict) and entry.get("role") in _USER:
                    yield from _texts(entry.get("content") or entry.get("parts"))
    prompt = body.get("prompt")
    if isinstance(prompt, str):
        yield prompt[:_MOST_CHARACTERS]


def _texts(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content[:_MOST_CHARACTERS]
    elif isinstance(content, dict):
        yield from _texts([content])
    elif isinstance(content, list):
        for part in content[:_MOST_MESSAGES]:
            if isinstance(part, dict) and isinstance(part.get("text"), str):
                yield part["text"][:_MOST_CHARACTERS]
