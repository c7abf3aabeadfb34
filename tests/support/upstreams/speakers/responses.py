"""OpenAI responses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from tests.support.upstreams.protocols import Ask
from tests.support.upstreams.stories import (
    Call,
    Draw,
    Heard,
    Refuse,
    Say,
    Stamp,
    Think,
    Token,
    Tokens,
    Turn,
    bites,
    tokens_of,
)

_ECHOED: dict[str, Any] = {
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "reasoning": {"effort": None, "summary": None},
    "safety_identifier": None,
    "store": True,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}, "verbosity": "medium"},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}
"""Parts of the request that come back in the answer, with what the vendor puts where the client said nothing."""

_RESULT_TYPES = ("function_call_output", "custom_tool_call_output")


def hear(ask: Ask) -> Heard:
    """What the request told."""
    given = ask.body["input"]
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given
    rounds, results, images, documents, user = 0, [], 0, 0, ""
    system = [ask.body["instructions"]] if ask.body.get("instructions") else []
    previous = ""
    for item in items:
        kind, role = item.get("type", "message"), item.get("role", "")
        content = item.get("output") if kind in _RESULT_TYPES else item.get("content")
        if kind in _RESULT_TYPES:
            rounds += previous not in _RESULT_TYPES
            results.append(_text(content))
        elif role in ("system", "developer"):
            system.append(_text(content))
        elif role == "user":
            rounds, results, user = 0, [], _text(content)
        for part in content if isinstance(content, list) else ():
            images += part["type"] == "input_image"
            documents += part["type"] == "input_file"
        previous = kind
    tools = tuple(tool.get("name", tool["type"]) for tool in ask.body.get("tools") or ())
    return Heard(rounds, tuple(results), images, documents, tools, "\n".join(system), user)


def _text(content: Any) -> str:
    if isinstance(content, str) or content is None:
        return content or ""
    return "".join(part.get("text", "") for part in content)


def whole(turn: Turn, ask: Ask, stamp: Stamp) -> dict[str, Any]:
    """The answer in one piece."""
    status, details = _ending(turn)
    return {
        **_frame(ask, stamp),
        "status": status,
        "completed_at": stamp.created + 2 if status == "completed" else None,
        "incomplete_details": details,
        "output": _items(turn, ask, stamp),
        "usage": _usage(turn.tokens),
    }


def stream(turn: Turn, ask: Ask, stamp: Stamp) -> Iterator[bytes]:
    """The answer as the events of a stream."""
    final = whole(turn, ask, stamp)
    begun = {**final, "status": "in_progress", "completed_at": None, "incomplete_details": None, "output": []}
    begun["usage"] = None
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
    ]
    for index, item in enumerate(final["output"]):
        place = {"item_id": item["id"], "output_index": index}
        events.append({"type": "response.output_item.added", "output_index": index, "item": _begun(item)})
        events += [{**event, **place} for event in _GROWTH[item["type"]](item)]
        events.append({"type": "response.output_item.done", "output_index": index, "item": item})
    events.append({"type": f"response.{final['status']}", "response": final})
    for number, event in enumerate(events):
        payload = orjson.dumps({"type": event["type"], "sequence_number": number, **event})
        yield b"event: " + event["type"].encode() + b"\ndata: " + payload + b"\n\n"


def _frame(ask: Ask, stamp: Stamp) -> dict[str, Any]:
    echoed = {name: ask.body.get(name, default) for name, default in _ECHOED.items()}
    echoed["tools"] = [_filled_tool(tool) for tool in echoed["tools"] or ()]
    return {
        "id": stamp.id("resp_", length=48),
        "object": "response",
        "created_at": stamp.created,
        "model": ask.model,
        "background": False,
        "error": None,
        "service_tier": "default",
        **echoed,
    }


def _filled_tool(tool: dict[str, Any]) -> dict[str, Any]:
    """The vendor answers tools with their defaults filled in."""
    if tool["type"] != "function":
        return tool
    return {"description": None, "parameters": None, "strict": True, **tool}


def _ending(turn: Turn) -> tuple[str, dict[str, Any] | None]:
    if turn.stop == "max_tokens":
        return "incomplete", {"reason": "max_output_tokens"}
    if turn.stop == "filtered":
        return "incomplete", {"reason": "content_filter"}
    return "completed", None


def _items(turn: Turn, ask: Ask, stamp: Stamp) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    for piece in turn.pieces:
        number = len(items)
        if isinstance(piece, (Say, Refuse)):
            items.append(_message(piece, turn, ask, stamp.id("msg_", number, 48)))
        elif isinstance(piece, Think):
            items.append(_reasoning(piece, ask, stamp.id("rs_", number, 48)))
        elif isinstance(piece, Draw):
            drawn = {"type": "image_generation_call", "status": "completed", "result": piece.data}
            items.append({"id": stamp.id("ig_", number, 48), **drawn})
        else:
            items.append(_call(piece, stamp, number))
    return items


def _message(piece: Say | Refuse, turn: Turn, ask: Ask, item_id: str) -> dict[str, Any]:
    part: dict[str, Any] = {"type": "refusal", "refusal": piece.text}
    if isinstance(piece, Say):
        wanted = "message.output_text.logprobs" in (ask.body.get("include") or ())
        logprobs = [_logprob(token) for token in tokens_of(piece.text)] if wanted else []
        part = {"type": "output_text", "annotations": [], "logprobs": logprobs, "text": piece.text}
    status = "incomplete" if _ending(turn)[1] else "completed"
    return {"id": item_id, "type": "message", "status": status, "role": "assistant", "content": [part]}


def _reasoning(piece: Think, ask: Ask, item_id: str) -> dict[str, Any]:
    item: dict[str, Any] = {"id": item_id, "type": "reasoning", "summary": []}
    if piece.text and not piece.redacted:
        item["summary"] = [{"type": "summary_text", "text": piece.text}]
    if piece.signature and "reasoning.encrypted_content" in (ask.body.get("include") or ()):
        item["encrypted_content"] = piece.signature
    return item


def _call(piece: Call, stamp: Stamp, number: int) -> dict[str, Any]:
    call = {"call_id": stamp.id("call_", number), "name": piece.name}
    if piece.namespace:
        call["namespace"] = piece.namespace
    if isinstance(piece.arguments, str):
        item_id = stamp.id("ctc_", number, 48)
        return {"id": item_id, "type": "custom_tool_call", "status": "completed", **call, "input": piece.arguments}
    arguments = orjson.dumps(piece.arguments).decode()
    item_id = stamp.id("fc_", number, 48)
    return {"id": item_id, "type": "function_call", "status": "completed", **call, "arguments": arguments}


def _begun(item: dict[str, Any]) -> dict[str, Any]:
    """An item as it first appears."""
    if item["type"] == "reasoning":
        return {**item, "summary": []}
    empty: dict[str, Any] = {"content": [], "arguments": "", "input": "", "result": None}
    return {**item, "status": "in_progress", **{name: empty[name] for name in empty if name in item}}


def _grow_message(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    part = item["content"][0]
    field = "text" if part["type"] == "output_text" else "refusal"
    empty: dict[str, Any] = {"logprobs": []} if field == "text" else {}
    name = f"response.{part['type']}"
    yield {"type": "response.content_part.added", "content_index": 0, "part": {**part, field: "", **empty}}
    for token in part.get("logprobs", ()):
        yield {"type": f"{name}.delta", "content_index": 0, "delta": token["token"], "logprobs": [token]}
    for bite in () if part.get("logprobs") else bites(part[field]):
        yield {"type": f"{name}.delta", "content_index": 0, "delta": bite, **empty}
    yield {"type": f"{name}.done", "content_index": 0, field: part[field], **(empty and {"logprobs": part["logprobs"]})}
    yield {"type": "response.content_part.done", "content_index": 0, "part": part}


def _logprob(token: Token) -> dict[str, Any]:
    chosen = _one_logprob(token.text, token.logprob)
    return {**chosen, "top_logprobs": [chosen, _one_logprob(token.rival, token.rival_logprob)]}


def _one_logprob(text: str, logprob: float) -> dict[str, Any]:
    return {"token": text, "logprob": logprob, "bytes": list(text.encode())}


def _grow_reasoning(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for index, part in enumerate(item["summary"]):
        name, place = "response.reasoning_summary", {"summary_index": index}
        yield {"type": f"{name}_part.added", **place, "part": {**part, "text": ""}}
        for bite in bites(part["text"]):
            yield {"type": f"{name}_text.delta", **place, "delta": bite}
        yield {"type": f"{name}_text.done", **place, "text": part["text"]}
        yield {"type": f"{name}_part.done", **place, "part": part}


def _grow_call(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for bite in bites(item["arguments"]):
        yield {"type": "response.function_call_arguments.delta", "delta": bite}
    done = {"arguments": item["arguments"], "name": item["name"]}
    yield {"type": "response.function_call_arguments.done", **done}


def _grow_custom_call(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for bite in bites(item["input"]):
        yield {"type": "response.custom_tool_call_input.delta", "delta": bite}
    yield {"type": "response.custom_tool_call_input.done", "input": item["input"]}


def _grow_picture(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for step in ("in_progress", "generating", "completed"):
        yield {"type": f"response.image_generation_call.{step}"}


_GROWTH = {
    "message": _grow_message,
    "reasoning": _grow_reasoning,
    "function_call": _grow_call,
    "custom_tool_call": _grow_custom_call,
    "image_generation_call": _grow_picture,
}


def _usage(tokens: Tokens) -> dict[str, Any]:
    return {
        "input_tokens": tokens.input,
        "input_tokens_details": {"cached_tokens": tokens.cache_read, "cache_write_tokens": tokens.cache_write},
        "output_tokens": tokens.output,
        "output_tokens_details": {"reasoning_tokens": tokens.reasoning},
        "total_tokens": tokens.input + tokens.output,
    }
