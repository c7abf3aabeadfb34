"""Messages as OpenClaw's transcripts spell them, both ways.

What that spelling cannot say is left to `openclaw`, which carries it beside the line.
"""

from __future__ import annotations

from typing import Any

import orjson

from crawdad.core.parts import (
    JsonObject,
    MediaPart,
    Message,
    Part,
    RefusalPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)
from crawdad.services.sessions.transcript import read_message, text_of, write_message

_ORIGIN_OF_API = {
    "anthropic-messages": "anthropic-messages",
    "openai-responses": "openai-responses",
    "google-generative-ai": "gemini",
}
_STOPS = {"stop": "stop", "length": "length", "tool_use": "toolUse", "error": "error", "cancelled": "aborted"}
_STOPS_BACK = {theirs: ours for ours, theirs in _STOPS.items()}


def written(data: JsonObject, at: float) -> list[JsonObject]:
    """The messages of OpenClaw's that a line's data stands for: one, or one for each answer of a tool."""
    message = read_message(data["message"])
    stamp = round(at * 1000)
    if message.role == "tool":
        results = [part for part in message.parts if isinstance(part, ToolResultPart)]
        return [_result(part, data, stamp) for part in results]
    content = [each for part in message.parts for each in _content(part)]
    if message.role != "assistant":
        return [{"role": message.role, "content": content, "timestamp": stamp}]
    return [
        {
            "role": "assistant",
            "content": content,
            "api": data.get("api") or "openai-completions",
            "provider": data.get("provider") or "",
            "model": data.get("model") or "",
            "usage": _usage(data),
            "stopReason": _STOPS.get(str(data.get("stopReason") or "stop"), "stop"),
            "timestamp": stamp,
        }
    ]


def read(value: JsonObject) -> JsonObject | None:
    """The data of a line that says what a message of OpenClaw's does; None: it is none that we know."""
    role, content = value.get("role"), value.get("content")
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    if not isinstance(content, list) or not all(isinstance(each, dict) for each in content):
        return None
    if role == "toolResult":
        result = ToolResultPart(
            _text(value, "toolCallId"), _parts(content, ""), _text(value, "toolName"), bool(value.get("isError"))
        )
        details = {"details": value["details"]} if "details" in value else {}
        return {"message": write_message(Message("tool", [result])), **details}
    if role == "assistant":
        api = _text(value, "api")
        found: JsonObject = {
            "message": write_message(Message("assistant", _parts(content, _ORIGIN_OF_API.get(api, "")))),
            **{name: value[name] for name in ("api", "provider", "model") if isinstance(value.get(name), str)},
        }
        if isinstance(value.get("stopReason"), str):
            found["stopReason"] = _STOPS_BACK.get(value["stopReason"], value["stopReason"])
        return found | _read_usage(value.get("usage"))
    if role in ("user", "system", "developer"):
        return {"message": write_message(Message(role, _parts(content, "")))}
    return None


def _content(part: Part) -> list[JsonObject]:
    if isinstance(part, TextPart | RefusalPart):
        return [{"type": "text", "text": part.text}]
    if isinstance(part, ThinkingPart):
        signed = {"signature": part.signature} if part.signature is not None else {}
        return [{"type": "thinking", "thinking": part.text, **signed}]
    if isinstance(part, ToolCallPart):
        return [{"type": "toolCall", "id": part.id, "name": part.name, "arguments": _arguments(part)}]
    if isinstance(part, MediaPart) and part.kind == "image" and part.data is not None:
        return [{"type": "image", "data": part.data, "mimeType": part.media_type or "image/png"}]
    said = text_of([part]) or (part.url or part.name or part.kind if isinstance(part, MediaPart) else "")
    return [{"type": "text", "text": said}] if said else []


def _arguments(call: ToolCallPart) -> JsonObject:
    try:
        found = orjson.loads(call.arguments or "{}")
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"input": call.arguments}


def _result(part: ToolResultPart, data: JsonObject, stamp: int) -> JsonObject:
    details = {"details": data["details"]} if "details" in data else {}
    return {
        "role": "toolResult",
        "toolCallId": part.call_id,
        "toolName": part.name or "",
        "content": [each for inner in part.content for each in _content(inner)],
        "isError": part.is_error,
        **details,
        "timestamp": stamp,
    }


def _parts(content: list[JsonObject], origin: str) -> list[Part]:
    found: list[Part] = []
    for each in content:
        match each.get("type"):
            case "text":
                found.append(TextPart(_text(each, "text")))
            case "thinking":
                signature = each.get("signature", each.get("thinkingSignature"))
                signed = signature if isinstance(signature, str) else None
                found.append(ThinkingPart(_text(each, "thinking"), signed, origin=origin))
            case "toolCall":
                arguments = orjson.dumps(each.get("arguments") or {}).decode()
                found.append(ToolCallPart(_text(each, "id"), _text(each, "name"), arguments))
            case "image":
                found.append(MediaPart("image", data=_text(each, "data"), media_type=_text(each, "mimeType") or None))
    return found


def _usage(data: JsonObject) -> JsonObject:
    usage = data.get("usage") or {}
    read_, wrote = _count(usage, "cache_read_tokens"), _count(usage, "cache_write_tokens")
    total, output = _count(usage, "input_tokens"), _count(usage, "output_tokens")
    cost = data.get("cost") or 0
    return {
        "input": max(0, total - read_ - wrote),
        "output": output,
        "cacheRead": read_,
        "cacheWrite": wrote,
        "totalTokens": total + output,
        "cost": {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0, "total": cost},
    }


def _read_usage(value: Any) -> JsonObject:
    if not isinstance(value, dict):
        return {}
    read_, wrote = _count(value, "cacheRead"), _count(value, "cacheWrite")
    cost = value.get("cost")
    total = cost.get("total") if isinstance(cost, dict) else None
    usage = {
        "input_tokens": _count(value, "input") + read_ + wrote,
        "output_tokens": _count(value, "output"),
        "cache_read_tokens": read_,
        "cache_write_tokens": wrote,
    }
    return {"usage": usage, **({"cost": total} if isinstance(total, int | float) else {})}


def _count(value: JsonObject, name: str) -> int:
    found = value.get(name)
    return found if isinstance(found, int) else 0


def _text(value: JsonObject, name: str) -> str:
    found = value.get(name)
    return found if isinstance(found, str) else ""
