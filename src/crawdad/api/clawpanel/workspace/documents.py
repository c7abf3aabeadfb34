"""`/api/system/docs` and `/api/system/identity-docs`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Depends, Request

from crawdad.api.clawpanel.bodies import LARGE_BYTES, body_of
from crawdad.api.clawpanel.context import ClawPanel
from crawdad.api.clawpanel.workspace.shapes import iso
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.identity import Permission
from crawdad.core.text import Text
from crawdad.services.panel_files.documents import Document
from crawdad.services.panel_files.paths import LONGEST_PATH


def document_routes(router: APIRouter, context: ClawPanel) -> None:
    """Add the routes."""
    may_manage = [Depends(context.access.need(Permission.AGENTS_MANAGE))]
    parts = context.workspace

    @router.get("/api/system/docs", dependencies=may_manage)
    async def docs() -> dict[str, Any]:
        """The Markdown files of the installation."""
        return {"ok": True, "docs": [_told(each) for each in await parts.documents.all()]}

    @router.put("/api/system/docs", dependencies=may_manage)
    async def save_doc(request: Request) -> dict[str, Any]:
        """`{path, content, baseHash?}`."""
        await _save(request, "docs_outside", [parts.documents.home])
        return {"ok": True}

    @router.get("/api/system/identity-docs", dependencies=may_manage)
    async def identity_docs(request: Request) -> dict[str, Any]:
        """The seven of an agent."""
        area = await parts.files.areas.find(request.query_params.get("agent", ""))
        found = []
        for each in await parts.documents.identity(area):
            told = _told(each)
            found.append(told | ({"modified": iso(each.node.modified)} if each.node is not None else {"exists": False}))
        return {"ok": True, "docs": found, "workDir": area.root}

    @router.put("/api/system/identity-docs", dependencies=may_manage)
    async def save_identity_doc(request: Request) -> dict[str, Any]:
        """`{path, content, baseHash?}`; a bare name is one in the workspace."""
        area = await parts.files.areas.find(request.query_params.get("agent", ""))
        await _save(request, "identity_outside", [area.root, parts.documents.home])
        return {"ok": True}

    async def _save(request: Request, outside: str, roots: Sequence[str]) -> None:
        body = await body_of(request, LARGE_BYTES)
        path, content, base = body.get("path"), body.get("content"), body.get("baseHash")
        if path is None:
            path = body.get("name")
        if not isinstance(path, str) or not path.endswith(".md") or len(path) > LONGEST_PATH or "\0" in path:
            raise bad_request("panel.files.invalid_path", "path")
        if not isinstance(content, str):
            raise GatewayError(ErrorKind.INTERNAL, Text("panel.files.no_content"), {"param": "content"})
        try:
            await parts.documents.write(roots, path, content, base if isinstance(base, str) else None)
        except GatewayError as error:
            if error.kind is ErrorKind.FORBIDDEN:
                words = Text(f"panel.files.{outside}")
                raise GatewayError(ErrorKind.FORBIDDEN, words, {"code": "outside"}) from None
            raise


def _told(document: Document) -> dict[str, Any]:
    size = document.node.size if document.node is not None else 0
    told: dict[str, Any] = {"name": document.name, "path": document.path, "content": document.content, "size": size}
    return told | ({"hash": document.hash} if document.hash else {})
