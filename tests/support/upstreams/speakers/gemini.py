"""Gemini generateContent."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
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
    alternative,
    bites,
    tokens_of,
)

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
    """The answer in one piece, with as many candidates as were asked for."""
    told = [_parts(alternative(turn, number), stamp) for number in range(_count(ask))]
    candidates = [_candidate(ask, parts, number, _FINISH[turn.stop]) for number, parts in enumerate(told)]
    return _answer(ask, stamp, candidates, turn.tokens)


def _config(ask: Ask) -> dict[str, Any]:
    return ask.body.get("generationConfig") or {}


def _count(ask: Ask) -> int:
    return _config(ask).get("candidateCount") or 1


def stream(turn: Turn, ask: Ask, stamp: Stamp) -> Iterator[bytes]:
    """The answer as the events of a stream: SSE, or one growing JSON array. Several candidates grow together."""
    told = [
        list(_candidates(alternative(turn, number), ask, stamp, number, _FINISH[turn.stop]))
        for number in range(_count(ask))
    ]
    rows = [[candidate for candidate in row if candidate] for row in zip_longest(*told)]
    answers = [_answer(ask, stamp, row, turn.tokens) for row in rows]
    if ask.sse:
        for answer in answers:
            yield b"data: " + orjson.dumps(answer) + b"\r\n\r\n"
        return
    for number, answer in enumerate(answers):
        yield (b",\r\n" if number else b"[") + orjson.dumps(answer)
    yield b"\n]\n"


def _candidates(turn: Turn, ask: Ask, stamp: Stamp, number: int, finish: str) -> Iterator[dict[str, Any]]:
    """One candidate, a little at a time."""
    by_token = bool(_config(ask).get("responseLogprobs"))
    parts = [small for part in _parts(turn, stamp) for small in _split(part, by_token)] or [{"text": ""}]
    *first, last = parts
    yield from (_candidate(ask, [part], number) for part in first)
    yield _candidate(ask, [last], number, finish)


def _split(part: dict[str, Any], by_token: bool) -> Iterator[dict[str, Any]]:
    """A text part as small ones; a signature comes with the last, empty one."""
    text = part.get("text")
    if text is None:
        yield part
        return
    rest = {name: value for name, value in part.items() if name not in ("text", "thoughtSignature")}
    pieces = [token.text for token in tokens_of(text)] if by_token else bites(text)
    yield from ({"text": piece, **rest} for piece in pieces)
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
    return {"id": call_id, "name": piece.full_name, "args": {"input": given} if isinstance(given, str) else given}


def _candidate(ask: Ask, parts: list[dict[str, Any]], number: int = 0, finish: str | None = None) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": number}
    if finish:
        candidate["finishReason"] = finish
    said = "".join(part.get("text", "") for part in parts if not part.get("thought"))
    if _config(ask).get("responseLogprobs") and said:
        candidate["logprobsResult"] = _logprobs(tokens_of(said))
    return candidate


def _logprobs(tokens: list[Token]) -> dict[str, Any]:
    chosen = [_logprob(token.text, token.logprob) for token in tokens]
    rivals = [_logprob(token.rival, token.rival_logprob) for token in tokens]
    top = [{"candidates": list(pair)} for pair in zip(chosen, rivals, strict=True)]
    return {"topCandidates": top, "chosenCandidates": chosen}


def _logprob(text: str, logprob: float) -> dict[str, Any]:
    return {"token": text, "tokenId": sum(text.encode()), "logProbability": logprob}


def _answer(ask: Ask, stamp: Stamp, candidates: list[dict[str, Any]], tokens: Tokens) -> dict[str, Any]:
    return {
        "candidates": candidates,
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
