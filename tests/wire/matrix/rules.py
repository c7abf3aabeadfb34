"""What vendors demand of a conversation beyond its types, as their documents and error messages say.

Each function names the rules that a request breaks; an empty list is a request that the vendor would take.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import orjson

JsonObject = dict[str, Any]

_NAME_64 = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_NAME_128 = re.compile(r"[A-Za-z0-9_-]{1,128}\Z")
_GOOGLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}\Z")
_ID = re.compile(r"[A-Za-z0-9_-]+\Z")


def broken_rules(protocol: str, body: JsonObject) -> list[str]:
    """The rules of `protocol`'s vendor that `body` breaks."""
    try:
        orjson.dumps(body)
    except TypeError as error:
        return [f"cannot be sent: {error}"]
    return list(_RULES[protocol](body))


def _chat(body: JsonObject) -> Iterator[str]:
    waiting: list[str] = []
    if not body["messages"]:
        yield "no messages"
    for place, message in enumerate(body["messages"]):
        here = f"messages[{place}]"
        role, content = message["role"], message.get("content")
        if role == "tool":
            if message["tool_call_id"] not in waiting:
                yield f"{here}: answers no call"
            else:
                waiting.remove(message["tool_call_id"])
        elif waiting:
            yield f"{here}: calls {waiting} were not answered"
            waiting = []
        if role == "assistant" and message.get("tool_calls"):
            waiting = [call["id"] for call in message["tool_calls"]]
            if len(set(waiting)) < len(waiting) or not all(0 < len(identifier) <= 40 for identifier in waiting):
                yield f"{here}: ids {waiting}"
            for call in message["tool_calls"]:
                inner = call[call["type"]]
                if not _NAME_64.match(inner["name"]):
                    yield f"{here}: name {inner['name']!r}"
        elif not content and not (role == "assistant" and message.get("refusal")) and role != "tool":
            yield f"{here}: no content"
        for part in content if isinstance(content, list) else ():
            if part["type"] == "text" and not part["text"]:
                yield f"{here}: empty text"
    if waiting:
        yield f"calls {waiting} were not answered"
    yield from _names(body.get("tools") or (), lambda tool: tool[tool["type"]]["name"], _NAME_64)
    if body.get("tool_choice") is not None and not body.get("tools"):
        yield "tool_choice without tools"


def _responses(body: JsonObject) -> Iterator[str]:
    items = body.get("input")
    if not items:
        yield "no input"
    called: list[str] = []
    for place, item in enumerate(items if isinstance(items, list) else ()):
        here, kind = f"input[{place}]", item.get("type", "message")
        if kind in ("function_call", "custom_tool_call"):
            if item["call_id"] in called:
                yield f"{here}: id {item['call_id']} is taken"
            if not 0 < len(item["call_id"]) <= 64:
                yield f"{here}: id {item['call_id']!r}"
            if not _NAME_64.match(item["name"]):
                yield f"{here}: name {item['name']!r}"
            called.append(item["call_id"])
        elif kind in ("function_call_output", "custom_tool_call_output"):
            if item["call_id"] not in called:
                yield f"{here}: answers no call"
        elif kind == "message" and not item["content"]:
            yield f"{here}: no content"
    answered = [item["call_id"] for item in items or () if isinstance(item, dict) and "output" in item]
    if sorted(answered) != sorted(called):
        yield f"calls {called}, answers {answered}"
    yield from _names(
        [tool for tool in body.get("tools") or () if tool["type"] in ("function", "custom")],
        lambda tool: tool["name"],
        _NAME_64,
    )
    if (body.get("max_output_tokens") or 16) < 16:
        yield "max_output_tokens is too small"


def _anthropic(body: JsonObject) -> Iterator[str]:
    messages = body["messages"]
    if not messages or messages[0]["role"] != "user":
        yield "the user does not begin"
    waiting: list[str] = []
    used: set[str] = set()
    for place, message in enumerate(messages):
        here = f"messages[{place}]"
        if place and messages[place - 1]["role"] == message["role"]:
            yield f"{here}: roles do not alternate"
        blocks = message["content"]
        if not blocks:
            yield f"{here}: no content"
        results = [block for block in blocks if block["type"] == "tool_result"]
        if sorted(block["tool_use_id"] for block in results) != sorted(waiting):
            yield f"{here}: calls {waiting}, results {[block['tool_use_id'] for block in results]}"
        if any(block["type"] != "tool_result" for block in blocks[: len(results)]):
            yield f"{here}: results are not first"
        waiting = [block["id"] for block in blocks if block["type"] == "tool_use"]
        for call_id in waiting:
            if call_id in used or not _ID.match(call_id):
                yield f"{here}: id {call_id!r}"
        used.update(waiting)
        yield from _blocks(here, blocks)
    if waiting:
        yield f"calls {waiting} were not answered"
    last = messages[-1]
    if last["role"] == "assistant" and last["content"][-1].get("text", "x").rstrip() != last["content"][-1].get(
        "text", "x"
    ):
        yield "ends with white space"
    yield from _names(body.get("tools") or (), lambda tool: tool["name"], _NAME_128)
    yield from _thinking(body)


def _blocks(here: str, blocks: list[JsonObject]) -> Iterator[str]:
    for block in blocks:
        if block["type"] == "text" and not block["text"].strip():
            yield f"{here}: empty text"
        if block["type"] == "tool_use" and not _NAME_128.match(block["name"]):
            yield f"{here}: name {block['name']!r}"
        if block["type"] == "tool_result" and isinstance(block.get("content"), list):
            yield from _blocks(here, block["content"])
        if block["type"] in ("thinking", "redacted_thinking") and not (block.get("signature") or block.get("data")):
            yield f"{here}: unsigned thinking"


def _thinking(body: JsonObject) -> Iterator[str]:
    thinking = body.get("thinking") or {"type": "disabled"}
    budget = thinking.get("budget_tokens")
    if budget is not None and not 1024 <= budget < body["max_tokens"]:
        yield f"budget {budget} of {body['max_tokens']}"
    if thinking["type"] != "disabled":
        if body.get("temperature", 1) != 1 or "top_k" in body:
            yield "sampling beside thinking"
        if (body.get("tool_choice") or {}).get("type") in ("any", "tool"):
            yield "a forced tool beside thinking"
    if not 0 <= body.get("temperature", 0) <= 1:
        yield "temperature"
    if body.get("tool_choice") and not body.get("tools"):
        yield "tool_choice without tools"


def _gemini(body: JsonObject) -> Iterator[str]:
    contents = body["contents"]
    if not contents or contents[0]["role"] != "user":
        yield "the user does not begin"
    waiting: list[str] = []
    for place, content in enumerate(contents):
        here = f"contents[{place}]"
        parts = content["parts"]
        if not parts:
            yield f"{here}: no parts"
        answers = [part["functionResponse"]["name"] for part in parts if "functionResponse" in part]
        if answers != waiting:
            yield f"{here}: calls {waiting}, responses {answers}"
        waiting = [part["functionCall"]["name"] for part in parts if "functionCall" in part]
        for part in parts:
            if not any(part.get(key) for key in part if key != "thought"):
                yield f"{here}: an empty part {part}"
        for name in [*waiting, *answers]:
            if not _GOOGLE_NAME.match(name):
                yield f"{here}: name {name!r}"
    if waiting:
        yield f"calls {waiting} were not answered"
    declarations = [item for tool in body.get("tools") or () for item in tool.get("functionDeclarations", ())]
    yield from _names(declarations, lambda item: item["name"], _GOOGLE_NAME)
    if body.get("toolConfig", {}).get("functionCallingConfig") and not declarations:
        yield "toolConfig without functions"


def _names(tools: Any, name_of: Callable[[JsonObject], str], legal: re.Pattern[str]) -> Iterator[str]:
    names = [name_of(tool) for tool in tools]
    if len(set(names)) < len(names):
        yield f"names of tools stand twice: {names}"
    for name in names:
        if not legal.match(name):
            yield f"name {name!r}"


_RULES: dict[str, Callable[[JsonObject], Iterator[str]]] = {
    "openai-chat": _chat,
    "openai-responses": _responses,
    "anthropic-messages": _anthropic,
    "gemini": _gemini,
}
