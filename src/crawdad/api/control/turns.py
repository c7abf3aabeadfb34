"""Turns that clients of the control channel order: how they are ordered, found again and told of at their end."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

from crawdad.api.control.agent_parts import AgentSide
from crawdad.api.control.context import Control
from crawdad.api.control.heard import Expected
from crawdad.api.control.registry import Asked, Failed
from crawdad.api.control.relays import run_mark
from crawdad.api.control.session_shapes import split_model
from crawdad.core.agent_names import default_agent
from crawdad.core.agents import RunOrder, RunState
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.identity import Permission
from crawdad.core.parts import JsonObject, MediaPart, Part, TextPart
from crawdad.core.sessions import SessionEntry, agent_of, session_key
from crawdad.core.text import Text
from crawdad.core.tools import Sender
from crawdad.services.sessions.policy import may_send
from crawdad.wire.control import errors

TOLD_SECONDS = 2.0
"""How long an answer waits for what clients hear before it."""
_LARGEST_PICTURE = 5_000_000
_TOOL_EVENTS = "tool-events"


class Turns:
    """Orders turns, and finds them by what the client calls them."""

    def __init__(self, control: Control, side: AgentSide) -> None:
        self._control = control
        self._side = side

    def key(self, written: str, agent_id: str | None = None) -> str:
        """The canonical key of a session. Raises BAD_REQUEST, NOT_FOUND for an agent that is not there."""
        settings = self._control.settings()
        agent = agent_id or default_agent(settings.agents)
        key = session_key(written, self._side.roster().get(agent).id, settings.session.scope)
        self._side.roster().get(agent_of(key, agent))
        return key

    def told(self, run_id: str) -> AbstractAsyncContextManager[Expected]:
        """Begin to listen for the end of a run, by the client's name for it."""
        return self._control.news.hub.heard.expecting(run_mark(run_id))

    async def find(self, asked: Asked, run_id: str) -> RunState | None:
        """The run that this client calls so, or that is called so here."""
        own = await self._side.runs.known(asked.connection.admitted.principal.id, _mark(run_id))
        return await self._side.runs.look(own or run_id)

    async def order(self, asked: Asked, key: str, parts: list[Part], order: RunOrder | None = None) -> str:
        """Order a turn: the id that it has here. `order` is what else is wanted of it."""
        params, connection = asked.params, asked.connection
        entry = await self._side.sessions.get(key)
        if entry is not None and not may_send(entry, self._control.settings().session.send_policy):
            raise GatewayError(ErrorKind.FORBIDDEN, Text("control.send_blocked"))
        principal = connection.admitted.principal
        wish = order or RunOrder("", key, principal, "client")
        run_id = str(params["idempotencyKey"])
        control: JsonObject = {"runId": run_id, "sessionKey": str(params.get("sessionKey") or "")}
        if _TOOL_EVENTS in connection.connect.caps:
            control |= {"connection": connection.id, "full": _verbose(entry) == "full"}
        return await self._side.runs.start(
            replace(
                wish,
                agent_id=agent_of(key, default_agent(self._control.settings().agents)),
                session_key=key,
                parts=parts,
                thinking=params.get("thinking") or None,
                idempotency_key=_mark(run_id),
                sender=Sender(principal.id, principal.name, owner=Permission.AGENTS_MANAGE in principal.permissions),
                client_address=connection.peer.address,
                language=asked.language,
                extra={**wish.extra, "control": control},
            )
        )

    async def result(self, state: RunState, run_id: str) -> JsonObject:
        """The last answer about a run. Raises `Failed`."""
        if state.status in ("failed", "interrupted"):
            words = state.error or state.status
            payload = {"runId": run_id, "status": "error", "summary": words}
            raise Failed(payload, errors.error(errors.UNAVAILABLE, words))
        provider, model = split_model(state.model)
        usage = {
            "input": state.usage.input_tokens or 0,
            "output": state.usage.output_tokens or 0,
            "cacheRead": state.usage.cache_read_tokens,
            "total": (state.usage.input_tokens or 0) + (state.usage.output_tokens or 0),
        }
        meta: JsonObject = {
            "durationMs": round(((state.ended_at or state.created_at) - (state.started_at or state.created_at)) * 1000),
            "agentMeta": {
                "sessionId": state.session_id,
                "provider": provider,
                "model": model,
                "usage": usage,
                "promptTokens": usage["input"],
            },
            "aborted": state.status == "cancelled",
            "stopReason": state.stop_reason,
        }
        payloads = [{"text": state.text, "mediaUrl": None}] if state.text.strip() else []
        told = {"payloads": payloads, "meta": meta}
        return {"runId": run_id, "status": "ok", "summary": "completed", "result": told}


def message_parts(params: JsonObject) -> list[Part]:
    """What was said: text in one spelling, without control characters, and pictures. Raises BAD_REQUEST."""
    text = str(params["message"])
    if "\0" in text:
        raise bad_request("control.null_byte", "message")
    normal = unicodedata.normalize("NFC", text)
    clean = "".join(c for c in normal if c in "\n\t\r" or unicodedata.category(c) != "Cc").strip()
    parts: list[Part] = [TextPart(clean)] if clean else []
    return [*parts, *_pictures(params.get("attachments") or ())]


def _pictures(attachments: Sequence[Any]) -> list[Part]:
    """The pictures among the attachments; other things are not for agents."""
    found: list[Part] = []
    for attachment in attachments:
        if not isinstance(attachment, dict) or not isinstance(attachment.get("content"), str):
            continue
        content, media_type = attachment["content"], str(attachment.get("mimeType") or "")
        if content.startswith("data:"):
            head, _, content = content.partition(",")
            media_type = head[5:].partition(";")[0] or media_type
        if not media_type.startswith("image/"):
            continue
        if len(content) * 3 // 4 > _LARGEST_PICTURE:
            raise GatewayError(ErrorKind.TOO_LARGE, Text("control.picture_too_large", {"most": _LARGEST_PICTURE}))
        found.append(MediaPart("image", data=content, media_type=media_type))
    return found


def _mark(run_id: str) -> str:
    """The key under which the order of a client's run is kept; other doors have keys of their own."""
    return f"control:{run_id}"


def _verbose(entry: SessionEntry | None) -> str:
    return str(entry.settings.get("verboseLevel") or "") if entry is not None else ""
