"""`/sessions` and below: taking transcripts in, changing, beginning anew, copying and deleting."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response

from crawdad.api.guide.bodies import ForkBody, PatchBody
from crawdad.api.guide.context import Guide
from crawdad.api.guide.shapes import session, session_id
from crawdad.api.guide.turns import BASE
from crawdad.services.sessions.conversations import Caller


def session_change_routes(router: APIRouter, guide: Guide) -> None:
    """Add the routes."""
    talks = guide.conversations
    sessions = talks.sessions
    entered = Depends(guide.enter)

    @router.post(f"{BASE}/import")
    async def take_in(request: Request, caller: Caller = entered) -> Response:
        entry = await talks.take_in(guide.copies, await request.body(), caller)
        return guide.answer(session(entry), 201)

    @router.patch(f"{BASE}/{{name}}")
    async def change(name: str, body: PatchBody, caller: Caller = entered) -> Response:
        entry = await talks.find(name, caller)
        return guide.answer(
            session(await sessions.patch(entry.key, body.model_dump(by_alias=True, exclude_unset=True)))
        )

    @router.post(f"{BASE}/{{name}}/reset")
    async def reset(name: str, caller: Caller = entered) -> Response:
        entry = await talks.find(name, caller)
        await talks.abort(entry)
        return guide.answer(session(await sessions.reset(entry.key)))

    @router.post(f"{BASE}/{{name}}/fork")
    async def fork(name: str, body: ForkBody | None = None, caller: Caller = entered) -> Response:
        entry = await talks.find(name, caller)
        made = await guide.copies.fork(entry.key, body.sequence if body else None, caller.principal.id)
        return guide.answer(session(made), 201)

    @router.delete(f"{BASE}/{{name}}")
    async def delete(name: str, purge: bool = False, caller: Caller = entered) -> Response:
        entry = await talks.find(name, caller)
        await talks.abort(entry)
        if purge:
            await sessions.purge(entry.key)
        else:
            await sessions.delete(entry.key)
        return guide.answer({"sessionId": session_id(entry), "deleted": True, "purged": purge})
