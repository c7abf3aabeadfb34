"""Gemini generateContent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from tests.support.upstreams.protocols import Ask
from tests.support.upstreams.stories import Call, Draw, Heard, Refuse, Say, Stamp, Think, Tokens, Turn, bites

_FINISH = {
    "end": "STOP",
    "tools": "STOP",
    "max_tokens": "MAX_TOKENS",
    "stop_sequence": "STOP",
    "refusal": "SAFETY",
    "filtered": "PROHIBITED_CONTENT",
}


def hear(ask: Ask) -> Heard:
    """What the request told."""
    rounds, results, images, documents, user = 0, [], 0, 0, ""
    for content in _list(ask.body["contents"]):
        parts = _list(content["parts"])
        answers = [part["functionResponse"] for part in parts if "functionResponse" in part]
        if answers:
            rounds += 1
            results += [_result(answer) for answer in answers]
        elif content.get("role", "user") == "user":
            rounds, results, user = 0, [], _text(parts)
        inner = [part for answer in answers for part in answer.get("parts", ())]
        types = [_media_type(part) for part in (*parts, *inner)]
        images += sum(kind.startswith("image/") for kind in types)
        documents += sum(kind.startswith(("application/", "text/")) for kind in types)
    tools = tuple(
        declared["name"] for tool in ask.body.get("tools", ()) for declared in tool.get("functionDeclarations", ())
    )
    system = _text(_list(ask.body.get("systemInstruction", {}).get("parts", [])))
    return Heard(rounds, tuple(results), images, documents, tools, system, user)


def _list(value: Any) -> list[dict[str, Any]]:
    return [value] if isinstance(value, dict) else value


def _text(parts: list[dict[str, Any]]) -> str:
    return "".join(part.get("text", "") for part in parts)


def _result(answer: dict[str, Any]) -> str:
    """The one string inside a function response, else the response as JSON."""
    values = list((answer.get("response") or {}).values())
    return (
        values[0] if len(values) == 1 and isinstance(values[0], str) else orjson.dumps(answer.get("response")).decode()
    )


def _media_type(part: dict[str, Any]) -> str:
    media = part.get("inlineData") or part.get("fileData") or {}
    return str(
        media.get("mimeType") or media.get("mime_type", "")
    )  # the vendor takes both spellings, its SDK sends both


def whole(turn: Turn, ask: Ask, stamp: Stamp) -> dict[str, Any]:
    """The answer in one piece."""
    return _answer(ask, stamp, _parts(turn, stamp), turn.tokens, _FINISH[turn.stop])


def stream(turn: Turn, ask: Ask, stamp: Stamp) -> Iterator[bytes]:
    """The answer as the events of a stream: SSE, or one growing JSON array."""
    parts = [small for part in _parts(turn, stamp) for small in _split(part)] or [{"text": ""}]
    *first, last = [[part] for part in parts]
    answers = [_answer(ask, stamp, some, turn.tokens) for some in first]
    answers.append(_answer(ask, stamp, last, turn.tokens, _FINISH[turn.stop]))
    if ask.sse:
        for answer in answers:
            yield b"data: " + orjson.dumps(answer) + b"\r\n\r\n"
        return
    for number, answer in enumerate(answers):
        yield (b",\r\n" if number else b"[") + orjson.dumps(answer)
    yield b"\n]\n"


def _split(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A text part as small ones; a signature comes with the last, empty one."""
    text = part.get("text")
    if text is None:
        yield part
        return
    rest = {name: value for name, value in part.items() if name not in ("text", "thoughtSignature")}
    yield from ({"text": bite, **rest} for bite in bites(text))
    if signature := part.get("thoughtSignature"):
        yield {"text": "", **rest, "thoughtSignature": signature}


def _parts(turn: Turn, stamp: Stamp) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    owed = ""  # a thought is signed on the part that follows it
    for piece in turn.pieces:
        if isinstance(piece, Think):
            owed = piece.signature
            if piece.text:
                parts.append({"text": piece.text, "thought": True})
            continue
        if isinstance(piece, (Say, Refuse)):
            part: dict[str, Any] = {"text": piece.text}
        elif isinstance(piece, Draw):
            part = {"inlineData": {"mimeType": piece.media_type, "data": piece.data}}
        else:
            part = {"functionCall": _call(piece, stamp.id("", len(parts), 8))}
        signature = piece.signature if isinstance(piece, Call) and piece.signature else owed
        parts.append({**part, **({"thoughtSignature": signature} if signature else {})})
        owed = ""
    return parts


def _call(piece: Call, call_id: str) -> dict[str, Any]:
    given = piece.arguments
    return {"id": call_id, "name": piece.name, "args": {"input": given} if isinstance(given, str) else given}


def _answer(
    ask: Ask, stamp: Stamp, parts: list[dict[str, Any]], tokens: Tokens, finish: str | None = None
) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    return {
        "candidates": [candidate],
        "usageMetadata": _usage(tokens),
        "modelVersion": ask.model,
        "responseId": stamp.id("", length=23),
    }


def _usage(tokens: Tokens) -> dict[str, Any]:
    usage: dict[str, Any] = {
        "promptTokenCount": tokens.input,
        "candidatesTokenCount": tokens.output - tokens.reasoning,
        "totalTokenCount": tokens.input + tokens.output,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": tokens.input}],
    }
    if tokens.reasoning:
        usage["thoughtsTokenCount"] = tokens.reasoning
    if tokens.cache_read:
        usage["cachedContentTokenCount"] = tokens.cache_read
        usage["cacheTokensDetails"] = [{"modality": "TEXT", "tokenCount": tokens.cache_read}]
    return usage
