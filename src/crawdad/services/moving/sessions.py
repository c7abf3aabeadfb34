"""OpenClaw's index of sessions (`sessions.json`), read: which transcript belongs to which key, and what is set for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import orjson

from crawdad.core.errors import GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.sessions import Route, kind_of, session_key

_SETTINGS = (
    *("thinkingLevel", "verboseLevel", "reasoningLevel", "elevatedLevel", "execHost", "execSecurity", "execAsk"),
    *("responseUsage", "groupActivation", "sendPolicy", "queueMode"),
)
_MOST_TEXT = 200


@dataclass(frozen=True, slots=True)
class Found:
    """A transcript in a folder of sessions. `key` is the canonical one of the session that it belongs to; empty: no session
    names it any more. `values` are fields of the entry."""

    file: str
    session_id: str
    key: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


def read_index(document: Any, files: Collection[str], agent_id: str, scope: str) -> tuple[list[Found], list[str]]:
    """The transcripts of an agent, those of sessions first, and the keys whose transcript is not there. `files` are the names
    in the folder; `document` is the index (None: there is none)."""
    found: list[Found] = []
    lost: list[str] = []
    taken: set[str] = set()
    entries = document if isinstance(document, dict) else {}
    for written, entry in entries.items():
        session_id = entry.get("sessionId") if isinstance(entry, dict) else None
        if not isinstance(session_id, str) or not session_id:
            continue
        named = entry.get("sessionFile")
        name = PurePath(named).name if isinstance(named, str) and named else f"{session_id}.jsonl"
        name = name if name in files else f"{session_id}.jsonl"
        try:
            key = session_key(str(written), agent_id, scope)
        except GatewayError:
            lost.append(str(written)[:_MOST_TEXT])
            continue
        if name not in files:
            lost.append(key)
        elif name not in taken:
            taken.add(name)
            found.append(Found(name, session_id, key, _values(key, entry)))
    for name in sorted(files):
        if name.endswith(".jsonl") and name not in taken:
            found.append(Found(name, name.removesuffix(".jsonl")))
    return found, lost


def old_key(agent_id: str, session_id: str) -> str:
    """The key of a transcript whose own key is taken, or that has none any more."""
    return f"agent:{agent_id}:openclaw:{session_id}".lower()


def whole_lines(content: bytes) -> bytes:
    """A transcript without a last line that was cut off while it was written."""
    head, newline, last = content.rpartition(b"\n")
    if not newline or not last.strip():
        return content
    try:
        orjson.loads(last)
    except orjson.JSONDecodeError:
        return head + newline
    return content


def _values(key: str, entry: JsonObject) -> JsonObject:
    settings: JsonObject = {name: entry[name] for name in _SETTINGS if isinstance(entry.get(name), str) and entry[name]}
    model, provider = _text(entry, "modelOverride"), _text(entry, "providerOverride")
    if model:
        settings["model"] = f"{provider}/{model}" if provider else model
    where = entry.get("deliveryContext")
    where = where if isinstance(where, dict) else {}
    channel = _text(where, "channel") or _text(entry, "lastChannel") or _text(entry, "channel")
    to = _text(where, "to") or _text(entry, "lastTo")
    chat_type = _text(entry, "chatType")
    values: JsonObject = {
        "kind": kind_of(key, chat_type or None),
        "label": _text(entry, "label"),
        "title": _text(entry, "displayName") or _text(entry, "subject"),
        "channel": channel,
        "chat_type": chat_type,
        "model": _text(entry, "model"),
        "provider": _text(entry, "modelProvider"),
        "settings": settings,
    }
    if channel and to:
        account = _text(where, "accountId") or _text(entry, "lastAccountId")
        thread = where.get("threadId", entry.get("lastThreadId"))
        values["route"] = Route(channel, to, account, str(thread) if thread not in (None, "") else "")
    for ours, name in (
        ("input_tokens", "inputTokens"),
        ("output_tokens", "outputTokens"),
        ("context_tokens", "totalTokens"),
    ):
        values[ours] = _count(entry, name)
    at = entry.get("updatedAt")
    if isinstance(at, int | float) and not isinstance(at, bool) and 0 < at < 1e14:
        values["updated_at"] = values["active_at"] = at / 1000
    return values


def _text(values: JsonObject, name: str) -> str:
    found = values.get(name)
    return found[:_MOST_TEXT] if isinstance(found, str) and found.isprintable() else ""


def _count(values: JsonObject, name: str) -> int:
    found = values.get(name)
    return int(found) if isinstance(found, int | float) and not isinstance(found, bool) and 0 <= found < 1e12 else 0
