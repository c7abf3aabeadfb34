"""Sessions, lines and turns as the contract tells them."""

from __future__ import annotations

from typing import Any

from crawdad.api.guide.moments import moment
from crawdad.core.agents import RunState
from crawdad.core.parts import MediaPart, RefusalPart, TextPart, ThinkingPart, ToolCallPart, ToolResultPart
from crawdad.core.sessions import LogEvent, SearchHit, SessionEntry, SessionLog
from crawdad.services.sessions.snippets import snippet_of
from crawdad.services.sessions.transcript import message_of, text_of


def session_id(entry: SessionEntry) -> str:
    """What the session is called in paths."""
    return entry.public_id or entry.key


def session(entry: SessionEntry) -> dict[str, Any]:
    """A session. Every one that is there is `active`."""
    return {
        "sessionId": session_id(entry),
        "status": "active",
        "createdAt": moment(entry.created_at),
        "updatedAt": moment(entry.updated_at),
        "key": entry.key,
        "logId": entry.session_id,
        "agentId": entry.agent_id,
        "kind": entry.kind,
        "title": entry.title,
        "label": entry.label,
        "preview": entry.preview,
        "model": entry.model or entry.settings.get("model") or None,
        "provider": entry.provider or None,
        "settings": {name: entry.settings[name] for name in sorted(entry.settings)},
        "messageCount": entry.messages,
        "compactionCount": entry.compactions,
        "abortedLastRun": entry.aborted,
        "usage": {
            "promptTokens": entry.input_tokens,
            "completionTokens": entry.output_tokens,
            "cachedTokens": entry.cached_tokens,
            "totalTokens": entry.input_tokens + entry.output_tokens,
            "contextTokens": entry.context_tokens,
            "cost": entry.cost,
        },
        "forkedFrom": entry.extra.get("forkedFrom"),
    }


def log(found: SessionLog) -> dict[str, Any]:
    """A log that a session has had."""
    return {
        "logId": found.session_id,
        "createdAt": moment(found.created_at),
        "endedAt": None if found.ended_at is None else moment(found.ended_at),
        "reason": found.reason or None,
        "lines": found.lines,
    }


def line(found: LogEvent) -> dict[str, Any]:
    """A line of a log."""
    base: dict[str, Any] = {
        "id": found.id,
        "sequence": found.sequence,
        "type": found.kind,
        "createdAt": moment(found.at),
        "runId": found.run_id or None,
    }
    message = message_of(found.data) if found.kind == "message" else None
    if message is None:
        return {**base, "data": {name: value for name, value in found.data.items() if name != "openclaw"}}
    base |= {"role": message.role, "content": text_of(message.parts)}
    parts = [_part(part) for part in message.parts]
    base["parts"] = [part for part in parts if part is not None]
    for name in ("model", "provider", "stopReason"):
        if found.data["message"].get(name):
            base[name] = found.data["message"][name]
    return base


def _part(part: object) -> dict[str, Any] | None:
    match part:
        case TextPart(text=text) | RefusalPart(text=text):
            return {"type": "text", "text": text}
        case ThinkingPart(text=text) if text:
            return {"type": "thinking", "thinking": text}
        case ToolCallPart(id=id_, name=name, arguments=arguments):
            return {"type": "toolCall", "id": id_, "name": name, "arguments": arguments}
        case ToolResultPart(call_id=id_, name=name, is_error=is_error, content=content):
            return {
                "type": "toolResult",
                "toolCallId": id_,
                "name": name,
                "isError": is_error,
                "text": text_of(content),
            }
        case MediaPart(kind=kind, media_type=media_type, name=name, data=data):
            return {"type": kind, "mimeType": media_type, "name": name, "size": len(data or "") * 3 // 4}
    return None


def hit(found: SearchHit, wanted: str) -> dict[str, Any]:
    """Where something was found: the session, and the words around it."""
    sequence = None if found.line is None else found.sequence
    told = {"snippet": snippet_of(found, wanted), "sequence": sequence, "logId": found.session_id}
    return {**session(found.entry), "match": told}


def reply(state: RunState) -> dict[str, Any]:
    """What a turn came to."""
    usage = state.usage
    told: dict[str, Any] = {
        "message": {"role": "assistant", "content": state.text},
        "usage": {
            "promptTokens": usage.input_tokens or 0,
            "completionTokens": usage.output_tokens or 0,
            "totalTokens": usage.total_tokens,
            "cachedTokens": usage.cache_read_tokens,
        },
        "runId": state.id,
        "runStatus": state.status,
        "stopReason": state.stop_reason or None,
        "model": state.model or None,
    }
    if state.cost is not None:
        told["usage"]["cost"] = state.cost
    return told
