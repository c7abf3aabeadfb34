"""Anthropic messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from tests.support.upstreams.protocols import Ask
from tests.support.upstreams.stories import Call, Heard, Refuse, Say, Stamp, Think, Tokens, Turn, bites

_STOP = {
    "end": "end_turn",
    "tools": "tool_use",
    "max_tokens": "max_tokens",
    "stop_sequence": "stop_sequence",
    "refusal": "refusal",
    "filtered": "refusal",
}


def hear(ask: Ask) -> Heard:
    """What the request told."""
    rounds, results, images, documents, user = 0, [], 0, 0, ""
    for message in ask.body["messages"]:
        blocks = _blocks(message["content"])
        found = [block for block in blocks if block["type"] == "tool_result"]
        if found:
            rounds += 1
            results += [_text(block.get("content", "")) for block in found]
        elif message["role"] == "user":
            rounds, results, user = 0, [], _text(blocks)
        inner = [part for block in found for part in _blocks(block.get("content", ""))]
        images += sum(block["type"] == "image" for block in (*blocks, *inner))
        documents += sum(block["type"] == "document" for block in (*blocks, *inner))
    tools = tuple(tool["name"] for tool in ask.body.get("tools", ()))
    return Heard(rounds, tuple(results), images, documents, tools, _text(ask.body.get("system", "")), user)


def _blocks(content: Any) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _text(content: Any) -> str:
    return "".join(block.get("text", "") for block in _blocks(content) if block["type"] == "text")


def whole(turn: Turn, ask: Ask, stamp: Stamp) -> dict[str, Any]:
    """The answer in one piece."""
    return {
        **_message(ask, stamp, _usage(turn.tokens)),
        "content": _content(turn, ask, stamp),
        "stop_reason": _STOP[turn.stop],
        "stop_sequence": turn.stop_sequence,
    }


def stream(turn: Turn, ask: Ask, stamp: Stamp) -> Iterator[bytes]:
    """The answer as the events of a stream."""
    early = {**_usage(turn.tokens), "output_tokens": 1, "output_tokens_details": None}
    yield _event("message_start", message=_message(ask, stamp, early))
    for index, block in enumerate(_content(turn, ask, stamp)):
        start, deltas = _as_deltas(block)
        yield _event("content_block_start", index=index, content_block=start)
        if index == 0:
            yield _event("ping")
        for delta in deltas:
            yield _event("content_block_delta", index=index, delta=delta)
        yield _event("content_block_stop", index=index)
    delta = {"stop_reason": _STOP[turn.stop], "stop_sequence": turn.stop_sequence}
    yield _event("message_delta", delta=delta, usage=_last_usage(turn.tokens))
    yield _event("message_stop")


def _event(name: str, **payload: Any) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + orjson.dumps({"type": name, **payload}) + b"\n\n"


def _message(ask: Ask, stamp: Stamp, usage: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": stamp.id("msg_01"),
        "type": "message",
        "role": "assistant",
        "model": ask.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "stop_details": None,
        "usage": usage,
    }


def _content(turn: Turn, ask: Ask, stamp: Stamp) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    shown = (ask.body.get("thinking") or {}).get("display") != "omitted"
    for piece in turn.pieces:
        if isinstance(piece, (Say, Refuse)):
            blocks.append({"type": "text", "text": piece.text})
        elif isinstance(piece, Think) and piece.redacted:
            blocks.append({"type": "redacted_thinking", "data": piece.signature})
        elif isinstance(piece, Think):
            text = piece.text if shown else ""
            blocks.append({"type": "thinking", "thinking": text, "signature": piece.signature})
        elif isinstance(piece, Call):
            given = piece.arguments
            arguments = {"input": given} if isinstance(given, str) else given
            block_id = stamp.id("toolu_01", len(blocks), 22)
            blocks.append({"type": "tool_use", "id": block_id, "name": piece.full_name, "input": arguments})
    return blocks


def _as_deltas(block: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A block as it begins, and what makes it grow."""
    kind = block["type"]
    if kind == "text":
        return {"type": "text", "text": ""}, [{"type": "text_delta", "text": bite} for bite in bites(block["text"])]
    if kind == "thinking":
        deltas = [{"type": "thinking_delta", "thinking": bite} for bite in bites(block["thinking"])]
        deltas.append({"type": "signature_delta", "signature": block["signature"]})
        return {**block, "thinking": "", "signature": ""}, deltas
    if kind == "tool_use":
        written = orjson.dumps(block["input"]).decode() if block["input"] else ""
        deltas = [{"type": "input_json_delta", "partial_json": bite} for bite in ("", *bites(written))]
        return {**block, "input": {}}, deltas
    return block, []


def _usage(tokens: Tokens) -> dict[str, Any]:
    return {
        "input_tokens": tokens.input - tokens.cache_read - tokens.cache_write,
        "cache_creation_input_tokens": tokens.cache_write,
        "cache_read_input_tokens": tokens.cache_read,
        "cache_creation": {"ephemeral_5m_input_tokens": tokens.cache_write, "ephemeral_1h_input_tokens": 0},
        "output_tokens": tokens.output,
        "output_tokens_details": {"thinking_tokens": tokens.reasoning},
        "service_tier": "standard",
    }


def _last_usage(tokens: Tokens) -> dict[str, Any]:
    usage = _usage(tokens)
    return {name: usage[name] for name in usage if name.endswith(("tokens", "details"))}
