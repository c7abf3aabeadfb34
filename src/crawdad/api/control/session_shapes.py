"""Sessions as clients of the control channel see them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from crawdad.core.parts import JsonObject
from crawdad.core.sessions import LogEvent, SessionEntry

_LEVELS = (
    *("thinkingLevel", "verboseLevel", "reasoningLevel", "elevatedLevel", "sendPolicy", "responseUsage"),
    *("groupActivation", "execHost", "execSecurity", "execAsk", "queueMode"),
)
_LONGEST_TEXT = 12_000
_LARGEST_MESSAGE = 128 * 1024
_LARGEST_LIST = 6 * 1024 * 1024
_NOT_SHOWN = frozenset(("usage", "cost", "extra", "resultExtra", "details"))
_TOO_LARGE = "[this message is too large to be shown]"


def kind(entry: SessionEntry) -> str:
    """What kind of session it is, in the few words that clients know."""
    return entry.kind if entry.kind in ("group", "global") else "direct"


def levels(entry: SessionEntry) -> JsonObject:
    """What is set for the session itself."""
    return {name: entry.settings[name] for name in _LEVELS if entry.settings.get(name) is not None}


def model_of(entry: SessionEntry, default: str | None) -> tuple[str | None, str | None]:
    """Provider and model of the next turn."""
    chosen = entry.settings.get("model")
    if isinstance(chosen, str) and chosen:
        return split_model(chosen)
    return (entry.provider or None, entry.model) if entry.model else split_model(default)


def split_model(name: str | None) -> tuple[str | None, str | None]:
    """Provider and model of a name as the settings have it."""
    if not name:
        return None, None
    provider, slash, model = name.partition("/")
    return (provider, model) if slash else (None, name)


def _counts(entry: SessionEntry, default: str | None, context: int) -> JsonObject:
    provider, model = model_of(entry, default)
    return {
        "inputTokens": entry.input_tokens,
        "outputTokens": entry.output_tokens,
        "totalTokens": entry.context_tokens,
        "totalTokensFresh": True,
        "modelProvider": provider,
        "model": model,
        "contextTokens": context,
    }


def _channel(entry: SessionEntry) -> JsonObject:
    told: JsonObject = {}
    if entry.label:
        told["label"] = entry.label
    if entry.chat_type:
        told["chatType"] = entry.chat_type
    if entry.channel:
        told["channel"] = told["lastChannel"] = entry.channel
        told["origin"] = {"provider": entry.channel, "surface": entry.channel, "chatType": entry.chat_type or "direct"}
        told["deliveryContext"] = {"channel": entry.channel}
    if entry.route is not None and entry.route.to:
        told |= {"lastTo": entry.route.to, "lastAccountId": entry.route.account}
    return told


def row(entry: SessionEntry, default: str | None, context: int) -> JsonObject:
    """A session in a list."""
    told: JsonObject = {"key": entry.key, "kind": kind(entry), **_channel(entry)}
    name = entry.label or entry.title
    if name:
        told["displayName"] = name
    if entry.parent_key:
        told["spawnedBy"] = entry.parent_key
    if entry.extra.get("forkedFrom"):
        told["forkedFrom"] = entry.extra["forkedFrom"]
    return {
        **told,
        "updatedAt": round(entry.updated_at * 1000),
        "sessionId": entry.session_id,
        "systemSent": entry.messages > 0,
        "abortedLastRun": entry.aborted,
        **levels(entry),
        **_counts(entry, default, context),
    }


def stored(entry: SessionEntry, default: str | None, context: int) -> JsonObject:
    """A session by itself, after it was changed."""
    return {
        "sessionId": entry.session_id,
        "updatedAt": round(entry.updated_at * 1000),
        "systemSent": entry.messages > 0,
        "abortedLastRun": entry.aborted,
        "compactionCount": entry.compactions,
        **_channel(entry),
        **levels(entry),
        "cacheRead": entry.cached_tokens,
        "cacheWrite": 0,
        **_counts(entry, default, context),
    }


def message_shown(line: LogEvent) -> JsonObject | None:
    """A line of a log as a message; None: it is none."""
    message = line.data.get("message")
    if line.kind != "message" or not isinstance(message, dict):
        return None
    shown = {name: value for name, value in message.items() if name not in _NOT_SHOWN}
    content = message.get("content")
    if isinstance(content, list):
        shown["content"] = [_part(part) for part in content if isinstance(part, dict)]
    for name in ("provider", "model", "stopReason"):
        if line.data.get(name):
            shown[name] = line.data[name]
    shown.setdefault("timestamp", round(line.at * 1000))
    shown["__openclaw"] = {"id": line.id, "seq": line.sequence}
    if line.data.get("origin"):
        shown["__openclaw"]["origin"] = line.data["origin"]
    if len(orjson.dumps(shown)) > _LARGEST_MESSAGE:
        shown["content"] = [{"type": "text", "text": _TOO_LARGE}]
    return shown


def messages_shown(lines: Sequence[LogEvent]) -> list[JsonObject]:
    """The messages of a log, the oldest left out where they are too much together."""
    found: list[JsonObject] = []
    left = _LARGEST_LIST
    for line in reversed(lines):
        message = message_shown(line)
        if message is None:
            continue
        left -= len(orjson.dumps(message))
        if left < 0:
            break
        found.append(message)
    return found[::-1]


def _part(part: JsonObject) -> JsonObject:
    shown = {name: value for name, value in part.items() if name not in ("data", "extra", "cache")}
    for name in ("text", "thinking"):
        text = shown.get(name)
        if isinstance(text, str) and len(text) > _LONGEST_TEXT:
            shown[name] = f"{text[:_LONGEST_TEXT]}\n…"
    return shown


def preview(line: LogEvent, most: int) -> JsonObject | None:
    """A line of a log in a few words; None: it says nothing."""
    message = line.data.get("message")
    if line.kind != "message" or not isinstance(message, dict):
        return None
    text = text_of(message.get("content"))
    if not text:
        return None
    role = {"toolResult": "tool"}.get(str(message.get("role")), str(message.get("role")))
    role = role if role in ("user", "assistant", "tool", "system") else "other"
    return {"role": role, "text": text if len(text) <= most else f"{text[: most - 1]}…"}


def text_of(content: Any) -> str:
    """The words of a message's content."""
    if isinstance(content, str):
        return content.strip()
    if not isinstance(content, list):
        return ""
    texts = [str(part.get("text") or "") for part in content if isinstance(part, dict) and part.get("type") == "text"]
    return "\n".join(text for text in texts if text).strip()
