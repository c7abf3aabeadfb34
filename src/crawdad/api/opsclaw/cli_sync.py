"""`/api/proxy/cli/*`: command line tools pointed at this gateway, in the home directory of the server."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from pydantic import AliasChoices, BaseModel, Field

from crawdad.api.opsclaw.context import OpsClaw
from crawdad.api.opsclaw.proxy_service import own_port
from crawdad.core.identity import Permission, Principal
from crawdad.services.cli_sync.plan import FileChange, sync_changes, without_secrets
from crawdad.services.cli_sync.service import CliSync
from crawdad.services.cli_sync.tools import Tool, Wanted, tool_named

_PLACEHOLDER = "YOUR-API-KEY"


class ToolRequest(BaseModel):
    """Which tool, under any of the names that clients use, and where it shall go."""

    app: str = Field(validation_alias=AliasChoices("appType", "app_type", "app", "target"), max_length=40)
    proxy_url: str | None = Field(None, validation_alias=AliasChoices("proxyUrl", "proxy_url"), max_length=2048)

    def url(self, request: Request) -> str:
        """The address that was given, or this gateway's own."""
        return self.proxy_url or f"http://127.0.0.1:{own_port(request)}"


class SyncRequest(ToolRequest):
    """No `apiKey`: one is made for the tool. An empty one: none is written. `dryRun`: only show what would change."""

    api_key: str | None = Field(None, validation_alias=AliasChoices("apiKey", "api_key"), max_length=512)
    model: str | None = Field(None, max_length=256)
    dry_run: bool = Field(False, validation_alias=AliasChoices("dryRun", "dry_run", "diff"))


class FileRequest(ToolRequest):
    """Which of the tool's files; the first where none is named."""

    file_name: str | None = Field(None, validation_alias=AliasChoices("fileName", "file_name"), max_length=200)


class CliStatus(BaseModel):
    """The contract's own fields, and where the files are. `home` is a directory of the server, which in a container nobody's
    tools may look into."""

    installed: bool
    version: str | None
    is_synced: bool
    has_backup: bool
    current_base_url: str | None
    files: list[str]
    paths: list[str]
    home: str


def cli_sync_routes(router: APIRouter, context: OpsClaw) -> None:
    """Add the routes."""
    may_read, may_change = (
        Depends(context.need(Permission.SYSTEM_READ)),
        Depends(context.need(Permission.SYSTEM_MANAGE)),
    )
    sync, keys = context.cli_sync, context.tool_keys

    @router.post("/api/proxy/cli/status", dependencies=[may_read])
    async def status(request: Request, wanted: ToolRequest) -> CliStatus:
        tool = tool_named(wanted.app)
        found = await sync.status(tool, wanted.url(request))
        return CliStatus(
            installed=found.installed,
            version=found.version,
            is_synced=found.is_synced,
            has_backup=found.has_backup,
            current_base_url=found.current_base_url,
            files=list(found.files),
            paths=list(found.paths),
            home=sync.home,
        )

    @router.post("/api/proxy/cli/sync")
    async def write(request: Request, wanted: SyncRequest, principal: Principal = may_change) -> dict[str, Any]:
        tool = tool_named(wanted.app)
        url = wanted.url(request)
        if wanted.dry_run:
            shown = _PLACEHOLDER if wanted.api_key is None else wanted.api_key
            changes = await sync.preview(tool, Wanted(url, shown, wanted.model))
            return {"success": True, "dry_run": True, **_told(changes, sync, wanted.api_key)}
        await sync.preview(tool, Wanted(url, wanted.api_key, wanted.model))  # before a key is made for it
        made = await keys.make(tool, principal) if wanted.api_key is None else None
        key = made[1] if made else wanted.api_key
        try:
            changes = await sync.sync(tool, Wanted(url, key, wanted.model))
        except BaseException:
            if made:
                await keys.revoke(made[0])
            raise
        await keys.replace(tool, made[0] if made else None)
        return {"success": True, "key_id": made[0] if made else None, **_told(changes, sync, key)}

    @router.post("/api/proxy/cli/restore", dependencies=[may_change])
    async def restore(request: Request, wanted: ToolRequest) -> dict[str, Any]:
        tool = tool_named(wanted.app)
        changes = [change for change in await sync.restore(tool, wanted.url(request)) if change.is_change]
        await keys.replace(tool, None)
        return {"success": True, **_told(changes, sync, None)}

    @router.post("/api/proxy/cli/config")
    async def config(wanted: FileRequest, principal: Principal = may_read) -> str:
        """The text of a file; secrets in it are for those who may see secrets."""
        text = await sync.text(tool_named(wanted.app), wanted.file_name)
        return text if Permission.SECRETS_READ in principal.permissions else without_secrets(text)

    @router.post("/api/proxy/cli/render", dependencies=[may_read])
    async def render(request: Request, wanted: SyncRequest) -> dict[str, Any]:
        """The files as they would be on a machine that has none yet, to be copied: for tools that are not on the server."""
        tool = tool_named(wanted.app)
        key = wanted.api_key or _PLACEHOLDER
        empty: dict[str, str | None] = {file.path: None for file in tool.files}
        changes = sync_changes(tool, empty, Wanted(tool.url(wanted.url(request)), key, wanted.model or None))
        files = [{"path": change.shown, "name": change.file.name, "content": change.after} for change in changes]
        return {"app": tool.title, "files": files, "command": _command(tool, wanted.url(request), wanted.model)}


def _command(tool: Tool, url: str, model: str | None) -> str:
    """The same by our own command, on a machine that has it."""
    return f"crawdad sync {tool.id} --url {tool.url(url)} --key {_PLACEHOLDER}" + (f" --model {model}" if model else "")


def _told(changes: list[FileChange], sync: CliSync, key: str | None) -> dict[str, Any]:
    files = [
        {"path": sync.place(change.file), "name": change.file.name, "diff": change.diff((key or "",))}
        for change in changes
        if change.is_change
    ]
    return {"files": files, "home": sync.home}
