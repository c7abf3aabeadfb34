"""OpenAI chat completions.

Thinking is spelled as the compatible vendors do, for OpenAI has no form of its own: `reasoning_content` (DeepSeek) in the
clear, `reasoning` with `reasoning_details` (OpenRouter) where there is a signature.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

import orjson

from tests.support.upstreams.protocols import Ask
from tests.support.upstreams.stories import (
    Call,
    Heard,
    Refuse,
    Say,
    Stamp,
    Think,
    Token,
    Tokens,
    Turn,
    alternative,
    bites,
    tokens_of,
)

_FINISH = {
    "end": "stop",
    "tools": "tool_calls",
    "max_tokens": "length",
    "stop_sequence": "stop",
    "refusal": "stop",
    "filtered": "content_filter",
}


def hear(ask: Ask) -> Heard:
    """What the request told."""
    rounds, results, images, documents, system, user = 0, [], 0, 0, [], ""
    previous = ""
    for message in ask.body["messages"]:
        role, content = message["role"], message.get("content")
        if role == "tool":
            rounds += previous != "tool"
            results.append(_text(content))
        elif role in ("system", "developer"):
            system.append(_text(content))
        elif role == "user":
            rounds, results, user = 0, [], _text(content)
        for part in content if isinstance(content, list) else ():
            images += part["type"] == "image_url"
            documents += part["type"] == "file"
        previous = role
    tools = tuple(tool[tool["type"]]["name"] for tool in ask.body.get("tools", ()))
    return Heard(rounds, tuple(results), images, documents, tools, "\n".join(system), user)


def _text(content: Any) -> str:
    if isinstance(content, str) or content is None:
        return content or ""
    return "".join(part.get("text", "") for part in content)


def whole(turn: Turn, ask: Ask, stamp: Stamp) -> dict[str, Any]:
    """The answer in one piece, with as many choices as were asked for."""
    return {
        **_frame(ask, stamp, "chat.completion"),
        "choices": [_choice(alternative(turn, number), ask, stamp, number) for number in range(_count(ask))],
        "usage": _usage(turn.tokens),
    }


def _count(ask: Ask) -> int:
    return ask.body.get("n") or 1


def _choice(turn: Turn, ask: Ask, stamp: Stamp, number: int) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None, "annotations": []}
    calls: list[dict[str, Any]] = []
    for piece in turn.pieces:
        if isinstance(piece, Say):
            message["content"] = (message["content"] or "") + piece.text
        elif isinstance(piece, Think):
            message.update(_reasoning(piece))
        elif isinstance(piece, Refuse):
            message["refusal"] = piece.text
        elif isinstance(piece, Call):
            calls.append(_call(piece, stamp.id("call_", len(calls))))
    if calls:
        message["tool_calls"] = calls
    logprobs = _logprobs(tokens_of(message["content"] or "")) if ask.body.get("logprobs") else None
    return {"index": number, "message": message, "logprobs": logprobs, "finish_reason": _FINISH[turn.stop]}


def stream(turn: Turn, ask: Ask, stamp: Stamp) -> Iterator[bytes]:
    """The answer as the events of a stream; several choices take turns."""
    frame = _frame(ask, stamp, "chat.completion.chunk")
    wants_usage = bool((ask.body.get("stream_options") or {}).get("include_usage"))
    told = [_choice_chunks(alternative(turn, number), ask, stamp) for number in range(_count(ask))]
    for row in zip_longest(*told):
        for number, chunk in enumerate(row):
            if chunk is not None:
                choice = {"index": number, "logprobs": None, "finish_reason": None, **chunk}
                yield _event({**frame, "choices": [choice], **({"usage": None} if wants_usage else {})})
    if wants_usage:
        yield _event({**frame, "choices": [], "usage": _usage(turn.tokens)})
    yield b"data: [DONE]\n\n"


def _choice_chunks(turn: Turn, ask: Ask, stamp: Stamp) -> Iterator[dict[str, Any]]:
    """One choice, chunk by chunk."""
    yield {"delta": {"role": "assistant", "content": "", "refusal": None}}
    calls = 0
    for piece in turn.pieces:
        if isinstance(piece, Say) and ask.body.get("logprobs"):
            for token in tokens_of(piece.text):
                yield {"delta": {"content": token.text}, "logprobs": _logprobs([token])}
        elif isinstance(piece, Say):
            yield from ({"delta": {"content": bite}} for bite in bites(piece.text))
        elif isinstance(piece, Refuse):
            yield from ({"delta": {"refusal": bite}} for bite in bites(piece.text))
        elif isinstance(piece, Think):
            yield from ({"delta": delta} for delta in _reasoning_deltas(piece))
        elif isinstance(piece, Call):
            call = _call(piece, stamp.id("call_", calls))
            kind = call["type"]
            field = "arguments" if kind == "function" else "input"
            written = call[kind][field]
            yield {"delta": {"tool_calls": [{"index": calls, **call, kind: {**call[kind], field: ""}}]}}
            for bite in bites(written):
                yield {"delta": {"tool_calls": [{"index": calls, kind: {field: bite}}]}}
            calls += 1
    yield {"delta": {}, "finish_reason": _FINISH[turn.stop]}


def _logprobs(tokens: list[Token]) -> dict[str, Any]:
    return {"content": [_logprob(token) for token in tokens], "refusal": None}


def _logprob(token: Token) -> dict[str, Any]:
    chosen = _one_logprob(token.text, token.logprob)
    return {**chosen, "top_logprobs": [chosen, _one_logprob(token.rival, token.rival_logprob)]}


def _one_logprob(text: str, logprob: float) -> dict[str, Any]:
    return {"token": text, "logprob": logprob, "bytes": list(text.encode())}


def _event(payload: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(payload) + b"\n\n"


def _frame(ask: Ask, stamp: Stamp, kind: str) -> dict[str, Any]:
    return {
        "id": stamp.id("chatcmpl-", length=29),
        "object": kind,
        "created": stamp.created,
        "model": ask.model,
        "service_tier": "default",
        "system_fingerprint": "fp_scripted",
    }


def _call(piece: Call, call_id: str) -> dict[str, Any]:
    if isinstance(piece.arguments, str):
        return {"id": call_id, "type": "custom", "custom": {"name": piece.full_name, "input": piece.arguments}}
    arguments = orjson.dumps(piece.arguments).decode()
    return {"id": call_id, "type": "function", "function": {"name": piece.full_name, "arguments": arguments}}


def _reasoning(piece: Think) -> dict[str, Any]:
    if not piece.signature:
        return {"reasoning_content": piece.text}
    return {"reasoning": piece.text or None, "reasoning_details": [_detail(piece)]}


def _reasoning_deltas(piece: Think) -> Iterator[dict[str, Any]]:
    if not piece.signature:
        yield from ({"reasoning_content": bite} for bite in bites(piece.text))
        return
    for bite in bites(piece.text):
        detail = {"type": "reasoning.text", "text": bite, "format": "anthropic-claude-v1", "index": 0}
        yield {"reasoning": bite, "reasoning_details": [detail]}
    detail = _detail(piece)
    detail.pop("text", None)
    yield {"reasoning_details": [detail]}


def _detail(piece: Think) -> dict[str, Any]:
    shape = {"format": "anthropic-claude-v1", "index": 0}
    if piece.redacted:
        return {"type": "reasoning.encrypted", "data": piece.signature, **shape}
    return {"type": "reasoning.text", "text": piece.text, "signature": piece.signature, **shape}


def _usage(tokens: Tokens) -> dict[str, Any]:
    return {
        "prompt_tokens": tokens.input,
        "completion_tokens": tokens.output,
        "total_tokens": tokens.input + tokens.output,
        "prompt_tokens_details": {
            "cached_tokens": tokens.cache_read,
            "cache_write_tokens": tokens.cache_write,
            "audio_tokens": 0,
        },
        "completion_tokens_details": {
            "reasoning_tokens": tokens.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
