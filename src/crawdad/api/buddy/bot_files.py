"""`GET` and `POST /v1/openclaw/bots/file`: the files that make a bot what it is; and the notes of its memory, by name.

A file is asked for by its type, never by a path, and lies in the bot's own workspace, whatever `workspace` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from crawdad.api.buddy.context import Buddy
from crawdad.api.buddy.envelope import success
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.identity import Permission, Principal
from crawdad.core.memory import note_name
from crawdad.core.text import Text
from crawdad.services.agents.roster import Agent

_log = structlog.get_logger(__name__)
_NAMES: Mapping[str, str] = {
    **{"soul": "SOUL.md", "identity": "IDENTITY.md", "tools": "TOOLS.md", "user": "USER.md"},
    **{"memory": "MEMORY.md", "heartbeat": "HEARTBEAT.md", "agents": "AGENTS.md"},
}
_DEFAULT_TYPE = "soul"
_NOTE = "memory_file"

Id = Annotated[str, Field(min_length=1, max_length=1024)]


class Written(BaseModel):
    """A file and its new text. `workspace` may be said, and must be the bot's own; `filename` is for notes alone."""

    id: Id
    type: str = _DEFAULT_TYPE
    content: str = Field(min_length=1)
    workspace: str = ""
    filename: str = ""


def bot_file_routes(router: APIRouter, context: Buddy) -> None:
    """Add the routes."""
    may_read = context.access.need(Permission.AGENTS_MANAGE)
    may_change = Depends(context.access.need(Permission.AGENTS_MANAGE, Permission.CONFIG_WRITE))

    @router.get("/v1/openclaw/bots/file", dependencies=[Depends(may_read)])
    async def read(
        bot: Annotated[str, Query(alias="id", min_length=1, max_length=1024)],
        kind: Annotated[str, Query(alias="type")] = _DEFAULT_TYPE,
        workspace: str = "",
        filename: str = "",
    ) -> dict[str, Any]:
        """Empty where there is no such file. One whose name is all in lower case is found as well."""
        side = context.side()
        if _is_note(kind):
            note = _note(filename)
            agent = _agent(side.roster().get(bot), workspace)
            return success({"content": await context.notes.read(agent.workspace, note) or ""})
        name = _name(kind)
        agent = _agent(side.roster().get(bot), workspace)
        text = await side.files.read(agent.workspace, name)
        if text is None:
            text = await side.files.read(agent.workspace, name.lower())
        return success({"content": text or ""})

    @router.post("/v1/openclaw/bots/file")
    async def write(given: Written, by: Principal = may_change) -> dict[str, Any]:
        side = context.side()
        is_note = _is_note(given.type)
        name = _note(given.filename) if is_note else _name(given.type)
        agent = _agent(side.roster().get(given.id), given.workspace)
        await (context.notes if is_note else side.files).write(agent.workspace, name, given.content)
        _log.info("agent_file_written", agent=agent.id, file=name, by=by.id)
        return success({"status": "success"})

    @router.get("/v1/openclaw/bots/memory/list", dependencies=[Depends(may_read)])
    async def list_notes(
        bot: Annotated[str, Query(alias="id", min_length=1, max_length=1024)], workspace: str = ""
    ) -> dict[str, Any]:
        agent = _agent(context.side().roster().get(bot), workspace)
        return success({"files": list(await context.notes.names(agent.workspace))})

    @router.delete("/v1/openclaw/bots/memory/file")
    async def delete_note(
        bot: Annotated[str, Query(alias="id", min_length=1, max_length=1024)],
        filename: Annotated[str, Query(min_length=1, max_length=1024)],
        workspace: str = "",
        by: Principal = may_change,
    ) -> dict[str, Any]:
        name = _note(filename)
        agent = _agent(context.side().roster().get(bot), workspace)
        if not await context.notes.delete(agent.workspace, name):
            raise GatewayError(ErrorKind.NOT_FOUND, Text("buddy.bots.no_note", {"name": name}))
        _log.info("agent_note_deleted", agent=agent.id, file=name, by=by.id)
        return success({"status": "success"})


def _is_note(kind: str) -> bool:
    return kind.strip().lower() == _NOTE


def _note(filename: str) -> str:
    """The name of a note. Raises BAD_REQUEST for anything but a plain name."""
    name = note_name(filename)
    if name is None:
        raise bad_request("buddy.bots.no_note_name", "filename")
    return name


def _name(kind: str) -> str:
    """The name of a type's file. Raises BAD_REQUEST."""
    found = _NAMES.get(kind.strip().lower())
    if found is None:
        raise bad_request("buddy.bots.unknown_file", "type", type=kind[:80], known=", ".join((*_NAMES, _NOTE)))
    return found


def _agent(agent: Agent, workspace: str) -> Agent:
    """The agent. Raises BAD_REQUEST where another folder than its own is named: nobody's files are reached through it."""
    if workspace.strip() and Path(workspace.strip()).expanduser() != agent.workspace:
        raise bad_request("buddy.bots.other_workspace", "workspace")
    return agent
