"""The errands that coding tools run beside the conversation (a title, a summary): told by their look. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crawdad.core.parts import JsonObject
from crawdad.core.settings import BackgroundSettings

_LONGEST_BYTES = 800
_SEARCHED = 500
_REMINDER = "<system-reminder>"


def is_background(body: JsonObject, settings: BackgroundSettings) -> bool:
    """Whether the body of `POST /v1/messages` is such an errand: without tools, with a small `max_tokens`, and with one of the
    phrases in its last words or its system prompt. What people write to a model at work nearly never looks like that."""
    limit = body.get("max_tokens")
    if body.get("tools") or not isinstance(limit, int) or isinstance(limit, bool) or limit > settings.max_tokens:
        return False
    last = [
        text for text in _last_words(body.get("messages")) if len(text.encode("utf-8", "replace")) <= _LONGEST_BYTES
    ]
    searched = [text[:_SEARCHED].lower() for text in (*_texts(body.get("system")), *last)]
    return any(phrase.lower() in text for phrase in settings.phrases if phrase for text in searched)


def _last_words(messages: Any) -> list[str]:
    """The last text of the user that holds something."""
    for message in reversed(messages) if isinstance(messages, list) else ():
        if isinstance(message, dict) and message.get("role") == "user":
            for text in reversed(list(_texts(message.get("content")))):
                if text.strip() and _REMINDER not in text:
                    return [text]
    return []


def _texts(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    for block in content if isinstance(content, list) else ():
        if isinstance(block, dict) and isinstance(block.get("text"), str):
            yield block["text"]
