"""The values that mean something only to the vendor who made them, read off the JSON of answers and requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

JsonObject = dict[str, Any]
Value = tuple[str, str]
"""What carries it (`thinking`, `redacted`, `reasoning`, `call`, `text`, …) and the value."""


def in_answer(protocol: str, body: JsonObject) -> list[Value]:
    """The opaque values of the first answer in `body`, in order."""
    return list(_ANSWERS[protocol](body))


def in_request(protocol: str, body: JsonObject) -> list[Value]:
    """The opaque values in the history of a request, in order."""
    return list(_REQUESTS[protocol](body))


def _blocks(message: JsonObject) -> Iterator[Value]:
    for block in message["content"] if isinstance(message["content"], list) else ():
        if block["type"] == "thinking" and block.get("signature"):
            yield "thinking", block["signature"]
        elif block["type"] == "redacted_thinking":
            yield "redacted", block["data"]


def _items(items: Any) -> Iterator[Value]:
    for item in items if isinstance(items, list) else ():
        if item.get("type") == "reasoning" and item.get("encrypted_content"):
            yield f"reasoning {item['id']}", item["encrypted_content"]


def _parts(content: JsonObject) -> Iterator[Value]:
    for part in content.get("parts") or []:
        if part.get("thoughtSignature"):
            kind = "call" if "functionCall" in part else "thinking" if part.get("thought") else "text"
            yield kind, part["thoughtSignature"].replace("-", "+").replace("_", "/")  # Google's SDK changes alphabets


def _message(message: JsonObject) -> Iterator[Value]:
    for detail in message.get("reasoning_details") or []:
        for key in ("signature", "data"):
            if detail.get(key):
                yield f"{detail['type']} {detail.get('format')} {detail.get('id')}", detail[key]
    for call in message.get("tool_calls") or []:
        google = (call.get("extra_content") or {}).get("google") or {}
        if google.get("thought_signature"):
            yield "call", google["thought_signature"]


_ANSWERS: dict[str, Callable[[JsonObject], Iterator[Value]]] = {
    "openai-chat": lambda body: _message(body["choices"][0]["message"]),
    "openai-responses": lambda body: _items(body["output"]),
    "anthropic-messages": _blocks,
    "gemini": lambda body: _parts((body.get("candidates") or [{}])[0].get("content") or {}),
}
_REQUESTS: dict[str, Callable[[JsonObject], Iterator[Value]]] = {
    "openai-chat": lambda body: (value for message in body["messages"] for value in _message(message)),
    "openai-responses": lambda body: _items(body["input"]),
    "anthropic-messages": lambda body: (value for message in body["messages"] for value in _blocks(message)),
    "gemini": lambda body: (value for content in body["contents"] for value in _parts(content)),
}
