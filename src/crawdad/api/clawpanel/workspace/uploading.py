"""`POST /api/workspace/upload`: from the stream into files, no more than a block in memory."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.requests import ClientDisconnect

from crawdad.api.clawpanel.context import ClawPanel
from crawdad.api.clawpanel.workspace.multipart import PartBegins, boundary_of, pieces_of
from crawdad.api.clawpanel.workspace.shapes import file_of, told_as
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.folder_trees import Node
from crawdad.core.identity import Permission
from crawdad.core.text import Text
from crawdad.services.panel_files.paths import LONGEST_PATH, clean_path
from crawdad.services.panel_files.previews import extension_of
from crawdad.services.panel_files.uploads import Upload

_FILES = "files"
_LONGEST_FIELD = 4 * LONGEST_PATH
_BROKEN = {"bad_form": ErrorKind.BAD_REQUEST, "no_files": ErrorKind.BAD_REQUEST, "wrong_field": ErrorKind.BAD_REQUEST}


def upload_routes(router: APIRouter, context: ClawPanel) -> None:
    """Add the routes."""
    may_manage = [Depends(context.access.need(Permission.AGENTS_MANAGE))]
    parts, clock = context.workspace, context.gate.clock

    @router.post("/api/workspace/upload", dependencies=may_manage)
    async def upload(request: Request) -> dict[str, Any]:
        """Fields: `files` (up to 20), `path`, and Crawdad's own `overwrite` (`false`: no file is replaced). `?uploadId=` names
        it for whoever wants to know how far it is."""
        area = await parts.files.areas.find(request.query_params.get("agent", ""))
        boundary = boundary_of(request.headers.get("content-type", ""))
        if boundary is None:
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("panel.files.none_given"), {"code": "no_files"})
        upload_id = request.query_params.get("uploadId") or context.gate.randomness.new_id()
        with told_as(ErrorKind.INTERNAL, _BROKEN):
            running = parts.uploads.begin(area, upload_id, _announced(request))
            try:
                nodes = await received(request, boundary, running)
            except ClientDisconnect:
                raise GatewayError(ErrorKind.CANCELLED, Text("panel.files.bad_form"), {"code": "bad_form"}) from None
            finally:
                await running.close()
        now = clock.now()
        return {"ok": True, "files": [file_of(node, now) for node in nodes], "uploadId": upload_id}

    @router.get("/api/workspace/uploads/{upload_id}", dependencies=may_manage)
    async def progress(upload_id: str) -> dict[str, Any]:
        """How far an upload is."""
        return {"ok": True, "upload": parts.uploads.find(upload_id).told()}


async def received(
    request: Request,
    boundary: bytes,
    upload: Upload,
    *,
    field_of_files: str = _FILES,
    folder: str | None = None,
    refused: frozenset[str] = frozenset(),
) -> list[Node]:
    """Take the files up that a form brings in a field, and put them where the form says, or into `folder`, where none is
    replaced. Raises what is wrong with the form, BAD_REQUEST for a file with one of the `refused` extensions."""
    fields: dict[str, bytearray] = {}
    field: bytearray | None = None
    async for piece in pieces_of(boundary, request.stream()):
        if isinstance(piece, PartBegins):
            field = None
            if piece.filename is None:
                field = fields.setdefault(piece.name, bytearray())
            elif piece.name != field_of_files:
                words = Text("panel.files.wrong_field", {"field": piece.name[:80]})
                raise GatewayError(ErrorKind.BAD_REQUEST, words, {"code": "wrong_field"})
            else:
                clean_path(_read(fields, "path"))  # better now than after all has come
                if extension_of(piece.filename.rstrip(". ")) in refused:
                    raise GatewayError(
                        ErrorKind.BAD_REQUEST, Text("panel.files.refused_kind"), {"code": "refused_kind"}
                    )
                await upload.next_file(piece.filename)
        elif field is None:
            await upload.write(piece.data)
        elif len(field) + len(piece.data) > _LONGEST_FIELD:
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("panel.files.bad_form"), {"code": "bad_form"})
        else:
            field += piece.data
    if folder is not None:
        return await upload.keep(folder, replace=False)
    return await upload.keep(
        _read(fields, "path"), replace=_read(fields, "overwrite").lower() not in ("false", "0", "no")
    )


def _read(fields: dict[str, bytearray], name: str) -> str:
    try:
        return fields.get(name, bytearray()).decode()
    except UnicodeDecodeError:
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("panel.files.bad_form"), {"code": "bad_form"}) from None


def _announced(request: Request) -> int | None:
    length = request.headers.get("content-length", "")
    return int(length) if length.isdigit() else None
