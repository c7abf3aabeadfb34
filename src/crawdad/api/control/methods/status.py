"""`health` and `status`: how the gateway and its sessions are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crawdad.api.control.context import Control
from crawdad.api.control.health import agent_ids, health_told, heartbeat
from crawdad.api.control.registry import Asked, Method
from crawdad.core.agent_names import default_agent
from crawdad.core.parts import JsonObject
from crawdad.core.sessions import SessionEntry
from crawdad.wire.control.schema import BOOLEAN, opened
from crawdad.wire.control.scopes import ADMIN, READ, holds

_RECENT = 10
_DEFAULT_CONTEXT = 200_000


def methods(control: Control) -> list[Method]:
    """The methods of this subject."""
    answers = _Status(control)
    return [
        Method(
            "health",
            READ,
            answers.health,
            opened({"probe": BOOLEAN}),
            "{ok, ts, durationMs, channels, channelOrder, channelLabels, heartbeatSeconds, defaultAgentId, agents, sessions}",
        ),
        Method(
            "status",
            READ,
            answers.status,
            opened({}),
            "{heartbeat, channelSummary, queuedSystemEvents, sessions{paths, count, defaults, recent, byAgent}}",
        ),
    ]


class _Status:
    def __init__(self, control: Control) -> None:
        self._control = control

    async def health(self, asked: Asked) -> Any:
        health, told = self._control.health, {"health": health_told(self._control.health_report())}
        if asked.params.get("probe"):
            return {**await health.refresh(), **told}
        kept = await health.current()
        await self._control.news.health_changed(asked.connection)
        return {**kept, **told}

    async def status(self, asked: Asked) -> Any:
        control = self._control
        settings, path = control.settings(), control.health.store_path
        default, pulse = (
            default_agent(settings.agents),
            {key: heartbeat(settings)[key] for key in ("enabled", "every", "everyMs")},
        )
        everything = holds(asked.connection.admitted.scopes, ADMIN)
        total, newest = await control.health.sessions(None, _RECENT)
        model, context = self._default_model()
        by_agent = []
        for agent in agent_ids(settings):
            count, found = await control.health.sessions(agent, _RECENT)
            rows = self._rows(found, model, context) if everything else []
            by_agent.append({"agentId": agent, "path": path if everything else "", "count": count, "recent": rows})
        return {
            "heartbeat": {
                "defaultAgentId": default,
                "agents": [{"agentId": agent, **pulse} for agent in agent_ids(settings)],
            },
            "channelSummary": [],
            "queuedSystemEvents": [],
            "sessions": {
                "paths": [path] if everything else [],
                "count": total,
                "defaults": {"model": model, "contextTokens": context} if everything else {},
                "recent": self._rows(newest, model, context) if everything else [],
                "byAgent": by_agent,
            },
        }

    def _default_model(self) -> tuple[str | None, int]:
        name = self._control.settings().agents.defaults.model.primary
        offer = self._control.catalogue().offers.get(name or "")
        return name, (offer.context_window if offer is not None else 0) or _DEFAULT_CONTEXT

    def _rows(self, sessions: Sequence[SessionEntry], model: str | None, context: int) -> list[JsonObject]:
        now = int(self._control.clock.now() * 1000)
        return [_row(session, now, model, context) for session in sessions]


def _row(session: SessionEntry, now: int, model: str | None, context: int) -> JsonObject:
    updated, used = int(session.updated_at * 1000), session.context_tokens
    return {
        "agentId": session.agent_id,
        "key": session.key,
        "kind": session.kind if session.kind in ("group", "global") else "direct",
        "sessionId": session.session_id,
        "updatedAt": updated,
        "age": now - updated,
        "abortedLastRun": session.aborted,
        "inputTokens": session.input_tokens,
        "outputTokens": session.output_tokens,
        "totalTokens": used,
        "totalTokensFresh": used > 0,
        "remainingTokens": max(0, context - used),
        "percentUsed": min(100, round(100 * used / context)),
        "model": session.model or model,
        "contextTokens": context,
        "flags": [f"id:{session.session_id}"],
    }
