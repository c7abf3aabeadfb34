"""The routes of the workspace: lists, folders, deleting, notes, cleaning. Uploads, contents and documents beside it."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from fastapi import APIRouter, Depends, Request, Response

from crawdad.api.clawpanel.bodies import body_of
from crawdad.api.clawpanel.context import ClawPanel
from crawdad.api.clawpanel.workspace.arranging import arranging_routes
from crawdad.api.clawpanel.workspace.asked import agent_of, number_of
from crawdad.api.clawpanel.workspace.contents import content_routes
from crawdad.api.clawpanel.workspace.documents import document_routes
from crawdad.api.clawpanel.workspace.shapes import failures, file_of, human_size, parent_path, shown_name, told_as
from crawdad.api.clawpanel.workspace.uploading import upload_routes
from crawdad.api.management.contract_route import language_of
from crawdad.core.errors import ErrorKind, bad_request
from crawdad.core.identity import Permission
from crawdad.services.panel_files.areas import Area
from crawdad.services.panel_files.files import Listed
from crawdad.services.panel_files.paths import clean_path

_LARGEST_PAGE = 5000
_MOST_PATHS = 1000


def workspace_routes(router: APIRouter, context: ClawPanel) -> None:
    """Add them all."""
    _looking(router, context)
    _changing(router, context)
    _keeping(router, context)
    arranging_routes(router, context)
    upload_routes(router, context)
    content_routes(router, context)
    document_routes(router, context)


def _looking(router: APIRouter, context: ClawPanel) -> None:
    may_manage = [Depends(context.access.need(Permission.AGENTS_MANAGE))]
    parts, clock = context.workspace, context.gate.clock

    async def area_of(request: Request) -> Area:
        return await parts.files.areas.find(request.query_params.get("agent", ""))

    @router.get("/api/workspace/files", dependencies=may_manage)
    async def files(request: Request) -> Response:
        """A folder. Crawdad's own: `limit` and `offset` for a page of it, `total`, and `truncated` where there is more than
        anybody looks at."""
        current = request.query_params.get("path", "")
        limit, offset = number_of(request, "limit"), number_of(request, "offset")
        with told_as(ErrorKind.BAD_REQUEST):
            most = None if limit is None else min(limit, _LARGEST_PAGE)
            found = await parts.files.listed(await area_of(request), current, offset or 0, most)
        return Response(await asyncio.to_thread(_told, found, current, clock.now()), 200, {}, "application/json")

    @router.get("/api/workspace/stats", dependencies=may_manage)
    async def stats(request: Request) -> dict[str, Any]:
        """How much there is."""
        area = await area_of(request)
        days = (await parts.cleaning.settings(area))["autoCleanDays"]
        found = await parts.files.figures(area, days)
        return {
            "ok": True,
            "totalFiles": found.files,
            "totalSize": found.size,
            "totalSizeHuman": human_size(found.size),
            "oldFiles": found.old,
            "complete": found.complete,
        }

    @router.get("/api/workspace/config", dependencies=may_manage)
    async def config(request: Request) -> dict[str, Any]:
        """What is cleaned."""
        return {"ok": True, "config": await parts.cleaning.settings(await area_of(request))}

    @router.get("/api/workspace/notes", dependencies=may_manage)
    async def notes(request: Request) -> dict[str, Any]:
        """All notes."""
        return {"ok": True, "notes": await parts.files.notes.all((await area_of(request)).agent)}


def _told(found: Listed, current: str, now: float) -> bytes:
    """A folder as JSON; where it is large that takes its time."""
    return orjson.dumps(
        {
            "ok": True,
            "files": [file_of(node, now) for node in found.nodes],
            "currentPath": shown_name(current),
            "parentPath": parent_path(shown_name(current)),
            "total": found.total,
            "truncated": not found.complete,
        }
    )


def _changing(router: APIRouter, context: ClawPanel) -> None:
    may_manage = [Depends(context.access.need(Permission.AGENTS_MANAGE))]
    parts = context.workspace

    @router.post("/api/workspace/mkdir", dependencies=may_manage)
    async def mkdir(request: Request) -> dict[str, Any]:
        """A folder."""
        body = await body_of(request)
        area = await parts.files.areas.find(agent_of(request, body))
        if not body.get("name"):
            raise bad_request("panel.files.no_name", "name")
        with told_as(ErrorKind.INTERNAL, {"bad_path": ErrorKind.BAD_REQUEST}):
            path = await parts.files.make_folder(area, body.get("path") or "", body["name"])
        return {"ok": True, "path": path}

    @router.post("/api/workspace/delete", dependencies=may_manage)
    async def delete(request: Request) -> dict[str, Any]:
        """Into the trash; Crawdad's own: `permanent` for good, `trash` (ids to bring things back by)."""
        body = await body_of(request)
        area = await parts.files.areas.find(agent_of(request, body))
        paths = body.get("paths")
        if not isinstance(paths, list) or not paths:
            raise bad_request("panel.files.no_paths", "paths")
        if len(paths) > _MOST_PATHS:
            raise bad_request("panel.files.too_many", "paths", most=_MOST_PATHS)
        found = await parts.files.delete(area, paths, for_good=body.get("permanent") is True)
        return {
            "ok": True,
            "deleted": [shown_name(path) for path in found.paths],
            "errors": failures(found.errors, language_of(request)),
            "trash": found.trash,
        }


def _keeping(router: APIRouter, context: ClawPanel) -> None:
    may_manage = [Depends(context.access.need(Permission.AGENTS_MANAGE))]
    parts = context.workspace

    @router.put("/api/workspace/config", dependencies=may_manage)
    async def change(request: Request) -> dict[str, Any]:
        """Some of what is cleaned."""
        body = await body_of(request)
        area = await parts.files.areas.find(agent_of(request, body))
        return {"ok": True, "config": await parts.cleaning.change(area, body)}

    @router.post("/api/workspace/clean", dependencies=may_manage)
    async def clean(request: Request) -> dict[str, Any]:
        """Clean now."""
        area = await parts.files.areas.find(agent_of(request, await body_of(request)))
        deleted, errors = await parts.cleaning.clean(area)
        found = [shown_name(path) for path in deleted]
        return {"ok": True, "deleted": found, "errors": failures(errors, language_of(request))}

    @router.put("/api/workspace/notes", dependencies=may_manage)
    async def note(request: Request) -> dict[str, Any]:
        """One note; an empty one goes."""
        body = await body_of(request)
        area = await parts.files.areas.find(agent_of(request, body))
        if not body.get("path"):
            raise bad_request("panel.files.no_path", "path")
        text = body.get("note")
        if text is not None and not isinstance(text, str):
            raise bad_request("panel.files.bad_setting", "note")
        await parts.files.notes.write(area.agent, clean_path(body["path"]), text or "")
        return {"ok": True}
