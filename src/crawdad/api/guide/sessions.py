"""`GET /sessions` and below: lists, the search, what was said, transcripts."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from crawdad.api.guide.context import Guide
from crawdad.api.guide.shapes import hit, line, log, session, session_id
from crawdad.api.guide.turns import BASE
from crawdad.core.sessions import SessionEntry, SessionFilter, SessionKind
from crawdad.services.sessions.conversations import Caller
from crawdad.services.sessions.service import SessionService, no_session

Limit = Annotated[int, Query(ge=1, le=500)]
Cursor = Annotated[str | None, Query(max_length=600)]


def session_routes(router: APIRouter, guide: Guide) -> None:
    """Add the routes."""
    talks = guide.conversations
    sessions = talks.sessions
    entered = Depends(guide.enter)

    @router.get(BASE)
    async def list_sessions(  # noqa: PLR0913 - one parameter a filter
        limit: Limit = 50,
        cursor: Cursor = None,
        search: Annotated[str, Query(max_length=500)] = "",
        agent: Annotated[str | None, Query(max_length=64)] = None,
        kind: Annotated[list[SessionKind] | None, Query(max_length=10)] = None,
        active_minutes: Annotated[float | None, Query(alias="activeMinutes", gt=0)] = None,
        owner: Annotated[str | None, Query(max_length=128)] = None,
        caller: Caller = entered,
    ) -> Response:
        since = None if active_minutes is None else guide.gate.clock.now() - active_minutes * 60
        mine = owner if caller.manages else caller.principal.id
        wanted = SessionFilter(agent, mine, tuple(kind or ()), since, search)
        if search.strip():
            hits, following = await sessions.hits(wanted, limit, cursor)
            return guide.answer({"sessions": [hit(each, search) for each in hits], "nextCursor": following})
        page = await sessions.page(wanted, limit, cursor)
        total = await sessions.search.total(wanted)
        told = [session(entry) for entry in page.entries]
        return guide.answer({"sessions": told, "nextCursor": page.cursor, "total": total})

    @router.get(f"{BASE}/{{name}}")
    async def read(name: str, caller: Caller = entered) -> Response:
        entry = await talks.find(name, caller)
        runs = await talks.runs.active(entry.key)
        return guide.answer({**session(entry), "activeRuns": [{"runId": r.id, "runStatus": r.status} for r in runs]})

    async def history(
        name: str,
        limit: Limit = 50,
        before: Annotated[int | None, Query(ge=1)] = None,
        log_id: Annotated[str | None, Query(alias="logId", max_length=64)] = None,
        everything: bool = False,
        caller: Caller = entered,
    ) -> Response:
        entry = await talks.find(name, caller)
        wanted = await _log_of(sessions, entry, log_id)
        lines = await sessions.history(wanted, limit, before, everything=everything)
        more = len(lines) == limit and lines[0].sequence > 1
        data: dict[str, Any] = {"sessionId": session_id(entry), "logId": wanted}
        data |= {"messages": [line(each) for each in lines], "before": lines[0].sequence if more else None}
        return guide.answer(data)

    router.get(f"{BASE}/{{name}}/history")(history)
    router.get(f"{BASE}/{{name}}/messages")(history)

    @router.get(f"{BASE}/{{name}}/logs")
    async def logs(name: str, caller: Caller = entered) -> Response:
        entry = await talks.find(name, caller)
        found = await sessions.logs(entry.key)
        return guide.answer({"sessionId": session_id(entry), "logs": [log(each) for each in found]})

    @router.get(f"{BASE}/{{name}}/export")
    async def export(
        name: str, log_id: Annotated[str | None, Query(alias="logId", max_length=64)] = None, caller: Caller = entered
    ) -> Response:
        entry = await talks.find(name, caller)
        wanted = await _log_of(sessions, entry, log_id)
        headers = {"content-disposition": f'attachment; filename="{wanted}.jsonl"'}
        return Response(await guide.copies.export(wanted), headers=headers, media_type="application/x-ndjson")


async def _log_of(sessions: SessionService, entry: SessionEntry, log_id: str | None) -> str:
    """A log of that session's. Raises NOT_FOUND."""
    if log_id is None or log_id == entry.session_id:
        return entry.session_id
    found = await sessions.store.log(log_id)
    if found is None or found.key != entry.key:
        raise no_session(log_id)
    return log_id
