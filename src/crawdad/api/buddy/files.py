"""`/v1/openclaw/files/*`: the files of bots' workspaces. Nothing else is reached: a path is relative to the workspace of
`botId`, and is refused where it leads out of it, by `..`, by a link or by being no ordinary file."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from crawdad.api.buddy.bodies import body_of
from crawdad.api.buddy.context import Buddy
from crawdad.api.buddy.envelope import success
from crawdad.api.clawpanel.workspace.multipart import boundary_of
from crawdad.api.clawpanel.workspace.sending import sent
from crawdad.api.clawpanel.workspace.shapes import file_of, shown_name
from crawdad.api.clawpanel.workspace.uploading import received
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.folder_trees import Node
from crawdad.core.identity import Permission
from crawdad.core.text import Text
from crawdad.services.panel_files.areas import Area
from crawdad.services.panel_files.files import LARGEST_TEXT
from crawdad.services.panel_files.paths import clean_name, joined, parent_of
from crawdad.services.panel_files.previews import text_of

_PATH = "/v1/openclaw/files"
_MOST_BYTES = 6 * 1024 * 1024
_LISTED = 5000
_FOUND = 200
_BOT = ("botId", "bot_id", "agent", "bot")


def file_routes(router: APIRouter, context: Buddy) -> None:
    """Add the routes."""
    _reading(router, context)
    _changing(router, context)


def _reading(router: APIRouter, context: Buddy) -> None:
    may_manage = [Depends(context.access.need(Permission.AGENTS_MANAGE))]
    parts, clock = context.files, context.gate.clock

    @router.get(f"{_PATH}/list", dependencies=may_manage)
    async def listed(request: Request) -> dict[str, Any]:
        """A folder: folders first, then the newest."""
        path = request.query_params.get("path", "")
        found = await parts.files.listed(await _area(context, request.query_params), path, 0, _LISTED)
        rows = [file_of(node, clock.now()) for node in found.nodes]
        return success({"files": rows, "path": path, "total": found.total, "complete": found.complete})

    @router.get(f"{_PATH}/get", dependencies=may_manage)
    async def content(request: Request) -> dict[str, Any]:
        """A text, with the hash that a save may name; 400 for what is none."""
        query = request.query_params
        file = await parts.files.open(await _area(context, query), _given(query, "path"))
        try:
            if file.node.size > LARGEST_TEXT:
                raise GatewayError(ErrorKind.TOO_LARGE, Text("panel.files.text_long", {"most": LARGEST_TEXT}))
            data = await file.read(0, LARGEST_TEXT)
        finally:
            await file.close()
        found = text_of(shown_name(file.node.name), data, len(data))
        if found is None:
            raise bad_request("panel.files.no_preview", "path")
        told = {"path": shown_name(file.node.path), "content": found.content, "encoding": found.encoding}
        return success({**told, "size": file.node.size, "hash": hashlib.sha256(data).hexdigest()})

    @router.get(f"{_PATH}/download", dependencies=may_manage)
    async def download(request: Request) -> Response:
        """The file as it is, to be kept; no browser runs it."""
        query = request.query_params
        file = await parts.files.open(await _area(context, query), _given(query, "path"))
        return sent(request, file, "application/octet-stream", "attachment")

    @router.get(f"{_PATH}/search", dependencies=may_manage)
    async def search(request: Request) -> dict[str, Any]:
        """Files whose name holds `q`, at most 200 of them."""
        query = request.query_params
        area, wanted = await _area(context, query), _given(query, "q")
        nodes, complete = await parts.files.named(area, wanted, _FOUND)
        return success({"files": [file_of(node, clock.now()) for node in nodes], "complete": complete})


def _changing(router: APIRouter, context: Buddy) -> None:
    may_manage = [Depends(context.access.need(Permission.AGENTS_MANAGE, Permission.CONFIG_WRITE))]
    files, clock = context.files.files, context.gate.clock

    def told(node: Node) -> dict[str, Any]:
        return file_of(node, clock.now())

    @router.post(f"{_PATH}/save", dependencies=may_manage)
    async def save(request: Request) -> dict[str, Any]:
        """`{path, content, hash?}`: a text in place of the file; with `hash` only where it is still the one that was read."""
        body = await body_of(request, _MOST_BYTES)
        text, base = body.get("content"), body.get("hash")
        if not isinstance(text, str) or not (base is None or isinstance(base, str)):
            raise bad_request("panel.files.bad_setting", "content")
        node, digest = await files.save(await _area(context, body), _given(body, "path"), text, base)
        return success({"status": "success", "file": told(node), "hash": digest})

    @router.post(f"{_PATH}/create", dependencies=may_manage)
    async def create(request: Request) -> dict[str, Any]:
        """`{path, content?}`: a new file; 409 where there is one."""
        body = await body_of(request, _MOST_BYTES)
        text = body.get("content", "")
        if not isinstance(text, str):
            raise bad_request("panel.files.bad_setting", "content")
        node, digest = await files.save(await _area(context, body), _given(body, "path"), text, "")
        return success({"status": "success", "file": told(node), "hash": digest})

    @router.post(f"{_PATH}/mkdir", dependencies=may_manage)
    async def make_folder(request: Request) -> dict[str, Any]:
        body = await body_of(request)
        path = _given(body, "path")
        made = await files.make_folder(await _area(context, body), parent_of(path) or "", path.rpartition("/")[2])
        return success({"status": "success", "path": made})

    @router.post(f"{_PATH}/rename", dependencies=may_manage)
    async def rename(request: Request) -> dict[str, Any]:
        """`{path, newPath}` or `{path, newName}`: another place or name, never over something that is there."""
        body = await body_of(request)
        old = _given(body, "path", "oldPath")
        name = body.get("newName")
        new = joined(parent_of(old) or "", clean_name(name)) if name else _given(body, "newPath")
        return success(
            {"status": "success", "path": await files.move(await _area(context, body), old, new, replace=False)}
        )

    @router.post(f"{_PATH}/delete", dependencies=may_manage)
    async def delete(request: Request) -> dict[str, Any]:
        """`{path}`: into the trash, from which the console brings it back."""
        body = await body_of(request)
        path = _given(body, "path")
        found = await files.delete(await _area(context, body), [path])
        if found.errors:
            raise found.errors[0][1]
        return success({"status": "success", "path": path})

    @router.post(f"{_PATH}/upload", dependencies=may_manage)
    async def upload(request: Request) -> dict[str, Any]:
        """A form with `files` and `path`, as a stream; `overwrite=false` replaces nothing."""
        nodes = await taken_in(context, request, await _area(context, request.query_params), "files")
        return success({"status": "success", "files": [told(node) for node in nodes]})


async def taken_in(
    context: Buddy,
    request: Request,
    area: Area,
    field: str,
    *,
    folder: str | None = None,
    refused: Collection[str] = (),
) -> list[Node]:
    """The files that a form brings in `field`, put into the workspace: where it says, unless all go to one `folder`, where none
    is replaced. Raises BAD_REQUEST where it is no such form, or a file has one of the `refused` extensions."""
    boundary = boundary_of(request.headers.get("content-type", ""))
    if boundary is None:
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("panel.files.none_given"), {"code": "no_files"})
    length = request.headers.get("content-length", "")
    expected = int(length) if length.isdigit() and len(length) < 16 else None
    running = context.files.uploads.begin(area, context.gate.randomness.new_id(), expected)
    try:
        return await received(
            request, boundary, running, field_of_files=field, folder=folder, refused=frozenset(refused)
        )
    finally:
        await running.close()


async def _area(context: Buddy, given: Any) -> Area:
    bot = next((given.get(name) for name in _BOT if given.get(name)), "")
    if not isinstance(bot, str):
        raise bad_request("buddy.bad_name", "botId", name="botId")
    return await context.files.files.areas.find(bot)


def _given(given: Any, *names: str) -> str:
    found = next((given.get(name) for name in names if given.get(name)), None)
    if not isinstance(found, str):
        raise bad_request("buddy.missing", names[0], name=names[0])
    return found
