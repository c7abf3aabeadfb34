"""Crawdad's own beside the contract: moving, copying, saving a text, and the trash."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request

from crawdad.api.clawpanel.bodies import LARGE_BYTES, body_of
from crawdad.api.clawpanel.context import ClawPanel
from crawdad.api.clawpanel.workspace.asked import agent_of
from crawdad.api.clawpanel.workspace.shapes import discarded_of, failures, file_of, shown_name
from crawdad.api.management.contract_route import language_of
from crawdad.core.errors import bad_request
from crawdad.core.identity import Permission
from crawdad.services.panel_files.areas import Area

_MOST_IDS = 1000


def arranging_routes(router: APIRouter, context: ClawPanel) -> None:
    """Add the routes."""
    may_manage = [Depends(context.access.need(Permission.AGENTS_MANAGE))]
    parts, clock = context.workspace, context.gate.clock

    async def area_of(request: Request, body: dict[str, Any]) -> Area:
        return await parts.files.areas.find(agent_of(request, body))

    @router.post("/api/workspace/move", dependencies=may_manage)
    async def move(request: Request) -> dict[str, Any]:
        """`{from, to, overwrite?}`: another name or place. `overwrite`: a file may take a file's place."""
        body = await body_of(request)
        source, target = _needed(body, "from"), _needed(body, "to")
        area = await area_of(request, body)
        return {"ok": True, "path": await parts.files.move(area, source, target, replace=body.get("overwrite") is True)}

    @router.post("/api/workspace/copy", dependencies=may_manage)
    async def copy(request: Request) -> dict[str, Any]:
        """`{from, to}`."""
        body = await body_of(request)
        source, target = _needed(body, "from"), _needed(body, "to")
        return {"ok": True, "path": await parts.files.copy(await area_of(request, body), source, target)}

    @router.put("/api/workspace/file", dependencies=may_manage)
    async def save(request: Request) -> dict[str, Any]:
        """`{path, content, baseHash?}`: a text. `baseHash` is the hash of what it replaces (the preview's `hash`), empty for a
        new file: where somebody was faster it is a 409. The answer has the new hash."""
        body = await body_of(request, LARGE_BYTES)
        path, content, base = _needed(body, "path"), body.get("content"), body.get("baseHash")
        if not isinstance(content, str):
            raise bad_request("panel.files.bad_setting", "content")
        if base is not None and not isinstance(base, str):
            raise bad_request("panel.files.bad_setting", "baseHash")
        node, digest = await parts.files.save(await area_of(request, body), path, content, base)
        return {"ok": True, "file": file_of(node, clock.now()), "hash": digest}

    @router.get("/api/workspace/trash", dependencies=may_manage)
    async def trash(request: Request) -> dict[str, Any]:
        """What was deleted, the newest first."""
        items = await parts.files.discarded(await area_of(request, {}))
        return {"ok": True, "items": [discarded_of(item) for item in items]}

    @router.post("/api/workspace/trash/restore", dependencies=may_manage)
    async def restore(request: Request) -> dict[str, Any]:
        """`{ids}`: back to where it was; never over something that is there now."""
        body = await body_of(request)
        ids = body.get("ids")
        if not isinstance(ids, list) or not 0 < len(ids) <= _MOST_IDS:
            raise bad_request("panel.files.bad_setting", "ids")
        done, errors = await parts.files.restore(await area_of(request, body), ids)
        return {
            "ok": True,
            "restored": [shown_name(path) for path in done],
            "errors": failures(errors, language_of(request)),
        }

    @router.post("/api/workspace/trash/empty", dependencies=may_manage)
    async def empty(request: Request) -> dict[str, Any]:
        """Remove all of it for good."""
        return {"ok": True, "removed": await parts.files.empty_trash(await area_of(request, await body_of(request)))}


def _needed(body: dict[str, Any], name: str) -> str:
    found = body.get(name)
    if not isinstance(found, str) or not found:
        raise bad_request("panel.files.no_path", name)
    return found
