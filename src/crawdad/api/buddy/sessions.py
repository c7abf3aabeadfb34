"""`GET /v1/openclaw/sessions` and `bots/top`: who talks to the bots, and which of them is talked to most."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends

from crawdad.api.buddy.context import Buddy
from crawdad.api.buddy.envelope import success
from crawdad.api.buddy.moments import moment
from crawdad.api.control.model_defaults import default_model_of
from crawdad.api.control.session_shapes import row
from crawdad.core.identity import Permission
from crawdad.core.sessions import SessionEntry, SessionFilter

_MOST = 1000
_PAGE = 200
_RANKED = 3
_EMOJI = "🤖"
_AS_SHOWN = ("key", "kind", "inputTokens", "outputTokens", "totalTokens", "contextTokens", "sessionId", "updatedAt")


def session_routes(router: APIRouter, context: Buddy) -> None:
    """Add the routes."""
    may_read = Depends(context.access.need(Permission.AGENTS_MANAGE))

    @router.get("/v1/openclaw/sessions", dependencies=[may_read])
    async def listed() -> dict[str, Any]:
        """The newest first, at most a thousand. They are read anew each time: `refresh` changes nothing."""
        sessions, now = context.side().sessions, context.gate.clock.now()
        model, window = default_model_of(context.gate.settings(), context.gate.front.catalogue())
        found: list[SessionEntry] = []
        cursor: str | None = None
        while len(found) < _MOST:
            page = await sessions.page(SessionFilter(), _PAGE, cursor)
            found += page.entries
            cursor = page.cursor
            if cursor is None:
                break
        return success({"data": [_row(entry, model, window, now) for entry in found], "updated_at": moment(now)})

    @router.get("/v1/openclaw/bots/top", dependencies=[may_read])
    async def top() -> dict[str, Any]:
        """At most three, the one with most sessions first; none that has no session."""
        side = context.side()
        counted = [
            (await side.sessions.search.total(SessionFilter(agent_id=agent.id)), agent)
            for agent in side.roster().agents.values()
        ]
        ranked = sorted((pair for pair in counted if pair[0]), key=lambda pair: -pair[0])[:_RANKED]
        return success(
            [
                {"id": agent.id, "name": agent.name, "emoji": agent.emoji or _EMOJI, "sessions": count}
                for count, agent in ranked
            ]
        )


def _row(entry: SessionEntry, default: str | None, context: int, now: float) -> dict[str, Any]:
    shown = row(entry, default, context)
    return {
        **{name: shown[name] for name in _AS_SHOWN},
        "agentId": entry.agent_id,
        "model": "/".join(part for part in (shown["modelProvider"], shown["model"]) if part),
        "ageMs": max(0, round((now - entry.updated_at) * 1000)),
    }
