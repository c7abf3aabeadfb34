"""Ollama's own chat endpoint (`/api/chat`): streams are lines of JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from tests.support.upstreams.protocols import Ask
from tests.support.upstreams.stories import Call, Heard, Refuse, Say, Stamp, Think, Token, Turn, bites, tokens_of


def hear(ask: Ask) -> Heard:
    """What the request told."""
    rounds, results, images, system, user = 0, [], 0, [], ""
    previous = ""
    for message in ask.body["messages"]:
        role, content = message["role"], message.get("content") or ""
        if role == "tool":
            rounds += previous != "tool"
            results.append(content)
        elif role == "system":
            system.append(content)
        elif role == "user":
            rounds, results, user = 0, [], content
        images += len(message.get("images") or ())
        previous = role
    tools = tuple(tool["function"]["name"] for tool in ask.body.get("tools") or ())
    return Heard(rounds, tuple(results), images, 0, tools, "\n".join(system), user)


def whole(turn: Turn, ask: Ask, stamp: Stamp) -> dict[str, Any]:
    """The answer in one piece."""
    message: dict[str, Any] = {"role": "assistant", "content": ""}
    for piece in turn.pieces:
        if isinstance(piece, (Say, Refuse)):
            message["content"] += piece.text
        elif isinstance(piece, Think) and piece.text:
            message["thinking"] = piece.text
        elif isinstance(piece, Call):
            calls = message.setdefault("tool_calls", [])
            calls.append(_call(piece, len(calls), stamp))
    logprobs = {"logprobs": [_logprob(token) for token in tokens_of(message["content"])]} if _tells(ask) else {}
    return {**_line(ask, stamp, message), **logprobs, **_end(turn)}


def _tells(ask: Ask) -> bool:
    return bool(ask.body.get("logprobs"))


def stream(turn: Turn, ask: Ask, stamp: Stamp) -> Iterator[bytes]:
    """The answer as the lines of a stream."""
    calls = 0
    for piece in turn.pieces:
        messages: list[dict[str, Any]] = []
        if isinstance(piece, Say) and _tells(ask):
            for token in tokens_of(piece.text):
                line = _line(ask, stamp, {"role": "assistant", "content": token.text})
                yield orjson.dumps({**line, "done": False, "logprobs": [_logprob(token)]}) + b"\n"
        elif isinstance(piece, (Say, Refuse)):
            messages = [{"role": "assistant", "content": bite} for bite in bites(piece.text)]
        elif isinstance(piece, Think):
            messages = [{"role": "assistant", "content": "", "thinking": bite} for bite in bites(piece.text)]
        elif isinstance(piece, Call):
            messages = [{"role": "assistant", "content": "", "tool_calls": [_call(piece, calls, stamp)]}]
            calls += 1
        for message in messages:
            yield orjson.dumps({**_line(ask, stamp, message), "done": False}) + b"\n"
    last = _line(ask, stamp, {"role": "assistant", "content": ""})
    yield orjson.dumps({**last, **_end(turn)}) + b"\n"


def _line(ask: Ask, stamp: Stamp, message: dict[str, Any]) -> dict[str, Any]:
    return {"model": ask.model, "created_at": f"2026-11-20T10:00:{stamp.number % 60:02}.123456789Z", "message": message}


def _call(piece: Call, index: int, stamp: Stamp) -> dict[str, Any]:
    given = piece.arguments
    arguments = {"input": given} if isinstance(given, str) else given
    function = {"index": index, "name": piece.full_name, "arguments": arguments}
    return {"id": stamp.id("call_", index, 8), "function": function}


def _logprob(token: Token) -> dict[str, Any]:
    chosen = _one_logprob(token.text, token.logprob)
    return {**chosen, "top_logprobs": [chosen, _one_logprob(token.rival, token.rival_logprob)]}


def _one_logprob(text: str, logprob: float) -> dict[str, Any]:
    return {"token": text, "logprob": logprob, "bytes": list(text.encode())}


def _end(turn: Turn) -> dict[str, Any]:
    return {
        "done": True,
        "done_reason": "length" if turn.stop == "max_tokens" else "stop",
        "total_duration": 4_000_000_000,
        "load_duration": 1_000_000,
        "prompt_eval_count": turn.tokens.input,
        "prompt_eval_duration": 130_000_000,
        "eval_count": turn.tokens.output,
        "eval_duration": 3_000_000_000,
    }
