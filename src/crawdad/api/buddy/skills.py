"""`/v1/openclaw/skills`: what the default agent can do by instructions; removing what was installed."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from crawdad.api.buddy.changes import changed
from crawdad.api.buddy.context import Buddy
from crawdad.api.buddy.envelope import success
from crawdad.api.buddy.fields import checked_name
from crawdad.api.buddy.moments import moment
from crawdad.api.management.contract_route import language_of
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission, Principal
from crawdad.core.parts import JsonObject
from crawdad.core.tasks import Report, TaskOrder
from crawdad.core.text import Text
from crawdad.services.skills.listing import skill_entry

_Answer = dict[str, Any] | Response


def skill_routes(router: APIRouter, context: Buddy) -> None:
    """Add the routes."""
    may_read = Depends(context.access.need(Permission.SYSTEM_READ))
    may_manage = Depends(context.access.need(Permission.SYSTEM_MANAGE))

    @router.get("/v1/openclaw/skills", dependencies=[may_read])
    async def listed() -> dict[str, Any]:
        """They are looked at anew each time: `refresh` changes nothing."""
        side = context.side()
        agent = side.roster().default
        found = await side.skills.found(agent.id, agent.workspace)
        told: JsonObject = {
            "workspaceDir": str(agent.workspace),
            "managedSkillsDir": side.managed_skills,
            "skills": [{**skill_entry(skill), "path": skill.folder, "bot_id": agent.id} for skill in found],
        }
        return success({"data": told, "updated_at": moment(context.gate.clock.now())})

    @router.get("/v1/openclaw/skills/market", dependencies=[may_read])
    async def market(request: Request) -> dict[str, Any]:
        """What the registry of the configuration offers. To install one, somebody has to see what it asks for: that is the
        command line's."""
        listing = await context.skill_registry.sync()
        problem = listing.problem.message(language_of(request)) if listing.problem is not None else ""
        return success({"skills": listing.skills, "source": listing.source, "problem": problem})

    @router.post("/v1/openclaw/skills/reload", response_model=None)
    async def reload(request: Request, principal: Principal = may_manage) -> _Answer:
        """Skills are read anew wherever they changed; the plugins, which bring some along, are loaded anew."""
        side, plugins = context.side(), context.plugins()

        async def work(_: Report) -> JsonObject | None:
            reloaded = await plugins.reload()
            agent = side.roster().default
            return {"skills": len(await side.skills.found(agent.id, agent.workspace)), "reloaded": reloaded}

        order = TaskOrder("skills.reload", Text("buddy.skills.reload"), owner=principal.id)
        return await changed(context.tasks, request, order, work, Text("buddy.skills.reload.done"))

    @router.delete("/v1/openclaw/skills/{name}", response_model=None)
    async def remove(name: str, request: Request, principal: Principal = may_manage) -> _Answer:
        """What was installed into the gateway's own directory. Others are part of something else: 403."""
        side, name = context.side(), checked_name(name, "name")
        agent = side.roster().default
        found = await side.skills.get(name, workspace=agent.workspace)
        if found is not None and found.source != "managed":
            text = Text("buddy.skills.kept", {"name": name, "source": found.source})
            raise GatewayError(ErrorKind.FORBIDDEN, text, {"code": "not_installed_here"})

        async def work(_: Report) -> JsonObject | None:
            await side.skill_installer.remove(name)
            return None

        order = TaskOrder("skills.delete-skill", Text("buddy.skills.delete", {"id": name}), name, owner=principal.id)
        return await changed(context.tasks, request, order, work, Text("buddy.skills.delete.done"))
