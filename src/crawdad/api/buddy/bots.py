"""`POST /v1/openclaw/bots/add|update|set-identity|set-model|delete`: the agents, as tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Request, Response
from pydantic import AliasChoices, BaseModel, Field

from crawdad.api.buddy.changes import changed
from crawdad.api.buddy.context import Buddy
from crawdad.api.management.contract_route import language_of
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.identity import Permission, Principal
from crawdad.core.parts import JsonObject
from crawdad.core.sessions import MAIN_AGENT
from crawdad.core.tasks import Report, TaskOrder, Work
from crawdad.core.text import Text

_log = structlog.get_logger(__name__)
_UPDATED = ("name", "model", "emoji", "avatar", "workspace")
"""What `config` may hold besides the id."""

Filled = Annotated[str, Field(min_length=1, max_length=1024)]
NewId = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_]+$", max_length=64)]
Model = Field(validation_alias=AliasChoices("model", "modelId", "model_id"))


class Added(BaseModel):
    """A bot to be made."""

    id: NewId
    model: Filled = Model
    workspace: str = Field("", max_length=1024)


class Updated(BaseModel):
    """What is to be different; `config` as the document has it, beside the plain fields."""

    id: Filled
    name: Filled | None = None
    model: Filled | None = Field(None, validation_alias=AliasChoices("model", "modelId", "model_id"))
    config: dict[str, Any] = Field(default_factory=dict)


class Named(BaseModel):
    """A bot and its new name."""

    id: Filled
    name: Filled


class Remodelled(BaseModel):
    """A bot and its new model."""

    id: Filled
    model: Filled = Model


class Chosen(BaseModel):
    """A bot."""

    id: Filled


def bot_order(action: str, bot: str, principal: Principal) -> TaskOrder:
    """The task that does `action` to a bot: one at a time for each."""
    title = Text(f"buddy.bots.{action}", {"id": bot})
    return TaskOrder(f"bots.{action}", title, target=bot, exclusive=f"agent:{bot.lower()}", owner=principal.id)


def bot_routes(router: APIRouter, context: Buddy) -> None:
    """Add the routes."""
    may_change = Depends(context.access.need(Permission.AGENTS_MANAGE, Permission.CONFIG_WRITE))
    changes = _Changes(context)

    @router.post("/v1/openclaw/bots/add", response_model=None)
    async def add(given: Added, request: Request, by: Principal = may_change) -> dict[str, Any] | Response:
        entry = {"model": given.model, **({"workspace": given.workspace} if given.workspace.strip() else {})}
        administration, language = context.administer(), language_of(request)

        async def work(_: Report) -> JsonObject:
            agent = await administration.create(given.id, entry, language)
            _log.info("agent_created", agent=agent.id, by=by.id)
            return {"id": agent.id, "workspace": str(agent.workspace)}

        return await changes.do("add", given.id, request, by, work)

    @router.post("/v1/openclaw/bots/update", response_model=None)
    async def update(given: Updated, request: Request, by: Principal = may_change) -> dict[str, Any] | Response:
        return await changes.update("update", given.id, _wanted(given), request, by)

    @router.post("/v1/openclaw/bots/set-identity", response_model=None)
    async def set_identity(given: Named, request: Request, by: Principal = may_change) -> dict[str, Any] | Response:
        return await changes.update("set-identity", given.id, {"name": given.name}, request, by)

    @router.post("/v1/openclaw/bots/set-model", response_model=None)
    async def set_model(given: Remodelled, request: Request, by: Principal = may_change) -> dict[str, Any] | Response:
        return await changes.update("set-model", given.id, {"model": given.model}, request, by)

    @router.post("/v1/openclaw/bots/delete", response_model=None)
    async def delete(given: Chosen, request: Request, by: Principal = may_change) -> dict[str, Any] | Response:
        """The folder goes to the trash; `kept` tells why it does not."""
        administration, roster = context.administer(), context.side().roster()
        agent = roster.get(given.id)
        if len(roster.agents) == 1:
            raise GatewayError(ErrorKind.FORBIDDEN, Text("buddy.last_bot"), {"code": "last_bot"})
        if agent.id == MAIN_AGENT:
            raise GatewayError(
                ErrorKind.FORBIDDEN, Text("agents.undeletable", {"agent": agent.id}), {"code": "main_bot"}
            )

        async def work(_: Report) -> JsonObject:
            _agent, _removed, kept = await administration.delete(agent.id, files=True)
            _log.info("agent_deleted", agent=agent.id, by=by.id)
            return {"id": agent.id, **({"kept": kept} if kept else {})}

        return await changes.do("delete", agent.id, request, by, work)


class _Changes:
    def __init__(self, context: Buddy) -> None:
        self._context = context

    async def update(
        self, action: str, bot: str, wanted: Mapping[str, Any], request: Request, by: Principal
    ) -> dict[str, Any] | Response:
        administration, agent = self._context.administer(), self._context.side().roster().get(bot)

        async def work(_: Report) -> JsonObject:
            await administration.update(agent.id, wanted, language_of(request))
            _log.info("agent_changed", agent=agent.id, fields=sorted(wanted), by=by.id)
            return {"id": agent.id}

        return await self.do(action, agent.id, request, by, work)

    async def do(self, action: str, bot: str, request: Request, by: Principal, work: Work) -> dict[str, Any] | Response:
        order = bot_order(action, bot, by)
        return await changed(self._context.tasks, request, order, work, Text(f"buddy.bots.{action}.done"))


def _wanted(given: Updated) -> JsonObject:
    """The fields to be changed. Raises BAD_REQUEST where there are none, or some that cannot be changed so: nothing that was
    asked for is left out silently."""
    unknown = sorted(set(given.config) - {*_UPDATED, "id"})
    if unknown:
        raise bad_request("buddy.bots.unknown_field", "config", fields=", ".join(unknown)[:200])
    wanted = {name: value for name, value in given.config.items() if name != "id"}
    for name, value in wanted.items():
        if not isinstance(value, str) or not value.strip():
            raise bad_request("buddy.bots.no_text", f"config.{name}")
    wanted |= {name: value for name, value in (("name", given.name), ("model", given.model)) if value is not None}
    if not wanted:
        raise bad_request("buddy.bots.nothing", "config")
    return wanted
