"""Tools: `sessions_list` and `sessions_history`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from crawdad.core.parts import JsonObject, MediaPart, TextPart, ThinkingPart, ToolCallPart, ToolResultPart
from crawdad.core.sessions import LogEvent, SessionEntry
from crawdad.core.tools import ToolContext, ToolDefinition, ToolOutcome
from crawdad.services.agent_tools.sessions_access import SessionAccess, as_json, bad_argument, need, number
from crawdad.services.sessions.transcript import message_of, text_of

_KINDS = ("main", "group", "cron", "hook", "node", "other")
_SHOWN = 4000
_MOST_CHARACTERS = 80_000
_LOOKED_AT = 500


class SessionsList:
    """`sessions_list`."""

    definition = ToolDefinition(
        name="sessions_list",
        description=(
            "List the sessions that you can see, the newest first: their keys, what they are about, how much they have "
            "used. Narrow them down by kind or by how recently something was said; ask for their last messages if needed."
        ),
        parameters={
            "type": "object",
            "properties": {
                "kinds": {"type": "array", "items": {"type": "string", "enum": list(_KINDS)}},
                "limit": {"type": "number", "minimum": 1, "maximum": 200},
                "activeMinutes": {"type": "number", "minimum": 1},
                "messageLimit": {"type": "number", "minimum": 0, "maximum": 20},
            },
        },
        group="sessions",
        independent=True,
    )

    def __init__(self, access: SessionAccess) -> None:
        self._access = access

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        """The list."""
        limit = int(number(arguments, "limit", 50, 1, 200))
        messages = int(number(arguments, "messageLimit", 0, 0, 20))
        minutes = number(arguments, "activeMinutes", 0, 0, 10_000_000)
        kinds = arguments.get("kinds") or []
        if not isinstance(kinds, list) or not all(isinstance(kind, str) for kind in kinds):
            raise bad_argument("session_tools.bad_kinds", "kinds")
        sessions, scope = self._access.sessions, context.scope
        wanted = self._access.filters(scope)
        if minutes:
            wanted = replace(wanted, active_since=sessions.clock.now() - minutes * 60)
        page = await sessions.page(wanted, _LOOKED_AT)
        shown = [
            entry
            for entry in page.entries
            if self._access.shows(entry, scope) and (not kinds or _kind(entry) in kinds or entry.kind in kinds)
        ][:limit]
        rows = [_row(entry) for entry in shown]
        if messages:
            for entry, row in zip(shown, rows, strict=True):
                said = await sessions.history(entry.session_id, messages)
                row["messages"] = [_message(line) for line in said]
        others = messages > 0 and any(entry.key != scope.session_key for entry in shown)
        return as_json({"count": len(rows), "sessions": rows}, untrusted=others)


class SessionsHistory:
    """`sessions_history`."""

    definition = ToolDefinition(
        name="sessions_history",
        description=(
            "Read what was said in a session that you can see, the last messages first cut to `limit`. Calls of tools and "
            "their results are left out unless `includeTools` is true."
        ),
        parameters={
            "type": "object",
            "properties": {
                "sessionKey": {"type": "string"},
                "limit": {"type": "number", "minimum": 1, "maximum": 200},
                "includeTools": {"type": "boolean"},
            },
            "required": ["sessionKey"],
        },
        group="sessions",
        independent=True,
    )

    def __init__(self, access: SessionAccess) -> None:
        self._access = access

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        """The messages, in order."""
        key = need(arguments, "sessionKey")
        limit = int(number(arguments, "limit", 50, 1, 200))
        tools = arguments.get("includeTools") is True
        entry = await self._access.find(key, context.scope)
        found: list[JsonObject] = []
        before: int | None = None
        size, cut = 0, False
        while len(found) < limit and not cut:
            lines = await self._access.sessions.history(entry.session_id, limit, before)
            if not lines:
                break
            before = lines[0].sequence
            for line in reversed(lines):
                message = _message(line, tools)
                if message is None:
                    continue
                size += len(str(message))
                cut = size > _MOST_CHARACTERS
                if cut or len(found) == limit:
                    break
                found.append(message)
        details: JsonObject = {"sessionKey": entry.key, "messages": found[::-1], "truncated": cut}
        return as_json(details, untrusted=entry.key != context.scope.session_key)


def _kind(entry: SessionEntry) -> str:
    return entry.kind if entry.kind in _KINDS else "other"


def _row(entry: SessionEntry) -> JsonObject:
    row: JsonObject = {
        "key": entry.key,
        "kind": _kind(entry),
        "channel": entry.channel or "unknown",
        "label": entry.label or None,
        "displayName": entry.title or None,
        "preview": entry.preview or None,
        "updatedAt": round(entry.updated_at * 1000),
        "sessionId": entry.session_id,
        "model": entry.model or None,
        "contextTokens": entry.context_tokens,
        "totalTokens": entry.input_tokens + entry.output_tokens,
        "abortedLastRun": entry.aborted or None,
        "parentKey": entry.parent_key or None,
    }
    return {name: value for name, value in row.items() if value is not None}


def _message(line: LogEvent, tools: bool = False) -> JsonObject | None:
    """A message as these tools show it; None where nothing is left of it."""
    message = message_of(line.data)
    if message is None or (message.role == "tool" and not tools):
        return None
    content = [shown for part in message.parts if (shown := _part(part, tools)) is not None]
    if not content:
        return None
    role = "toolResult" if message.role == "tool" else message.role
    return {"role": role, "content": content, "timestamp": round(line.at * 1000)}


def _part(part: object, tools: bool) -> JsonObject | None:
    shown: dict[str, Any] | None = None
    if isinstance(part, TextPart) and part.text:
        shown = {"type": "text", "text": _cut(part.text)}
    elif isinstance(part, MediaPart):
        shown = {"type": part.kind, "omitted": True}
    elif isinstance(part, ToolCallPart) and tools:
        shown = {"type": "toolCall", "name": part.name, "arguments": _cut(part.arguments)}
    elif isinstance(part, ToolResultPart) and tools:
        shown = {"type": "toolResult", "name": part.name, "text": _cut(text_of(part.content)), "isError": part.is_error}
    elif isinstance(part, ThinkingPart):
        shown = None  # thoughts are nobody else's
    return shown


def _cut(words: str) -> str:
    return words if len(words) <= _SHOWN else f"{words[:_SHOWN]}…"
