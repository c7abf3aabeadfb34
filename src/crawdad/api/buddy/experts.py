"""`GET /v1/openclaw/experts` and `POST /v1/openclaw/bots/template`: bots made after the template of an expert."""

from __future__ import annotations

from typing import Any

import structlog
from fastapi import APIRouter, Depends, Request, Response
from pydantic import AliasChoices, BaseModel, Field

from crawdad.api.buddy.bots import Filled, NewId, bot_order
from crawdad.api.buddy.context import Buddy
from crawdad.api.buddy.envelope import accepted, success
from crawdad.api.management.contract_route import language_of
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.experts import ExpertTemplate
from crawdad.core.identity import Permission, Principal
from crawdad.core.parts import JsonObject
from crawdad.core.sessions import normalise_agent_id
from crawdad.core.tasks import Report
from crawdad.core.text import Text
from crawdad.services.agents.experts import ExpertOrder, expert, hire

_log = structlog.get_logger(__name__)
_LONGEST = 200_000


class Cloned(BaseModel):
    """Which template becomes which bot. Texts that are empty are the template's."""

    expert: Filled = Field(validation_alias=AliasChoices("expertId", "expert_id"))
    id: NewId = Field(validation_alias=AliasChoices("botId", "newBotId", "bot_id", "new_bot_id"))
    model: str = Field("", max_length=1024, validation_alias=AliasChoices("modelId", "model", "model_id"))
    soul: str = Field("", max_length=_LONGEST)
    identity: str = Field("", max_length=_LONGEST, validation_alias=AliasChoices("identity_md", "identityMd"))


def expert_routes(router: APIRouter, context: Buddy) -> None:
    """Add the routes."""
    may_read = Depends(context.access.need(Permission.SYSTEM_READ))
    may_change = Depends(context.access.need(Permission.AGENTS_MANAGE, Permission.CONFIG_WRITE))

    @router.get("/v1/openclaw/experts", dependencies=[may_read])
    async def experts() -> dict[str, Any]:
        return success([_told(template) for template in await context.experts.all()])

    @router.post("/v1/openclaw/bots/template", response_model=None)
    async def template(given: Cloned, request: Request, by: Principal = may_change) -> Response:
        """The bot speaks the language of the request."""
        administration, roster, language = context.administer(), context.side().roster(), language_of(request)
        chosen = await expert(context.experts, given.expert)
        if normalise_agent_id(given.id) in roster.agents:
            raise GatewayError(ErrorKind.CONFLICT, Text("agents.there_already", {"agent": given.id}))
        order = ExpertOrder(given.id, language, given.model, given.soul, given.identity)

        async def work(_: Report) -> JsonObject:
            agent = await hire(administration, chosen, order)
            _log.info("agent_created", agent=agent.id, expert=chosen.id, by=by.id)
            return {
                "message": Text("buddy.bots.clone.done").render(language),
                "id": agent.id,
                "workspace": str(agent.workspace),
            }

        task = await context.tasks.start(bot_order("clone", given.id, by), work)
        return accepted(Text("buddy.accepted").render(language), task.id)


def _told(template: ExpertTemplate) -> dict[str, Any]:
    zh, en = template.zh, template.en
    return {
        "id": template.id,
        "name": zh.name,
        "name_en": en.name,
        "description": zh.description,
        "description_en": en.description,
        "emoji": template.emoji,
        "category": template.category,
        "category_zh": Text(f"experts.category.{template.category}").render("zh"),
        "soul": zh.soul,
        "soul_en": en.soul,
        "identity": {"name": zh.name, "bio": zh.bio},
        "identity_en": {"name": en.name, "bio": en.bio},
        "identity_md": template.identity("zh"),
        "identity_md_en": template.identity("en"),
        "tools": zh.tools,
        "tools_en": en.tools,
        "memory": zh.memory,
        "memory_en": en.memory,
        "skills": list(zh.skills),
        "skills_en": list(en.skills),
    }
