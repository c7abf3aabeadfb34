"""What is in a file: downloaded whole, or shown."""

from __future__ import annotations

import hashlib
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse

from crawdad.api.clawpanel.context import ClawPanel
from crawdad.api.clawpanel.workspace.sending import GUARDED, disposition, sent
from crawdad.api.clawpanel.workspace.shapes import shown_name, told_as
from crawdad.api.management.contract_route import language_of
from crawdad.core.errors import ErrorKind, bad_request
from crawdad.core.folder_trees import OpenFile
from crawdad.core.identity import Permission
from crawdad.core.text import Language, Text
from crawdad.services.panel_files.previews import (
    LARGEST_PICTURE,
    READ_BYTES,
    extension_of,
    picture_of,
    text_of,
)

_HEAD_BYTES = 64


def content_routes(router: APIRouter, context: ClawPanel) -> None:
    """Add the routes. Browsers ask both by plain links, which can send no header."""
    may_manage = [Depends(context.access.need(Permission.AGENTS_MANAGE, by_query=True))]
    parts = context.workspace

    async def opened(request: Request) -> OpenFile:
        path = request.query_params.get("path", "")
        if not path:
            raise bad_request("panel.files.no_path", "path")
        with told_as(ErrorKind.BAD_REQUEST):
            area = await parts.files.areas.find(request.query_params.get("agent", ""))
            return await parts.files.open(area, path)

    @router.get("/api/workspace/download", dependencies=may_manage)
    async def download(request: Request) -> Response:
        """The file, to be kept."""
        return sent(request, await opened(request), "application/octet-stream", "attachment")

    @router.get("/api/workspace/archive", dependencies=may_manage, response_class=StreamingResponse)
    async def archive(request: Request) -> StreamingResponse:
        """Several files and folders (`path`, once for each) in one ZIP archive, made while it is sent."""
        paths = request.query_params.getlist("path")
        if not all(paths) or not paths:
            raise bad_request("panel.files.no_path", "path")
        with told_as(ErrorKind.BAD_REQUEST):
            area = await parts.files.areas.find(request.query_params.get("agent", ""))
            pieces = await parts.files.packed(area, paths)
        headers = {**GUARDED, "content-disposition": disposition("attachment", f"{area.agent}.zip")}
        return StreamingResponse(pieces, headers=headers, media_type="application/zip")

    @router.get("/api/workspace/preview", dependencies=may_manage, response_model=None)
    async def preview(request: Request) -> Response | dict[str, Any]:
        """A picture as it is, a text as JSON; all else, and what is too large, is told with `ok: false`."""
        file = await opened(request)
        handed_on = False
        try:
            kind = picture_of(await file.read(0, _HEAD_BYTES))
            if kind is not None and file.node.size <= LARGEST_PICTURE:
                response = sent(request, file, kind, "inline")
                handed_on = True
                return response
            if kind is not None:
                return _unsupported(file, "picture_large", language_of(request))
            return await _text(file, language_of(request))
        finally:
            if not handed_on:
                await file.close()


async def _text(file: OpenFile, language: Language) -> dict[str, Any]:
    data = await file.read(0, READ_BYTES)
    found = text_of(shown_name(file.node.name), data, file.node.size)
    if found is None:
        return _unsupported(file, "no_preview", language)
    told: dict[str, Any] = {"ok": True, "type": "text", "content": found.content, "truncated": found.truncated}
    if found.truncated:
        told["content"] += "\n" + Text("panel.files.cut").render(language)
    else:
        told["hash"] = hashlib.sha256(data).hexdigest()
    return {**told, "encoding": found.encoding, "size": file.node.size}


def _unsupported(file: OpenFile, why: str, language: Language) -> dict[str, Any]:
    extension = extension_of(shown_name(file.node.name))
    words = Text(f"panel.files.{why}", {"most": LARGEST_PICTURE}).render(language)
    return {"ok": False, "error": words, "ext": extension, "code": why, "size": file.node.size}
