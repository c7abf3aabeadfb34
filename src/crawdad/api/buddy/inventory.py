"""`GET /v1/openclaw/bots-models`: the bots and the models, together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Depends

from crawdad.api.buddy.context import Buddy
from crawdad.api.buddy.envelope import success
from crawdad.api.buddy.moments import moment
from crawdad.core.agent_settings import Binding
from crawdad.core.errors import GatewayError
from crawdad.core.identity import Permission, Principal
from crawdad.core.parts import JsonObject
from crawdad.core.sessions import normalise_agent_id
from crawdad.services.agents.models import default_model, real_name
from crawdad.services.agents.roster import Agent
from crawdad.services.catalogue import Catalogue, Offer

_NO_RULES = "default (no explicit rules)"


def inventory_routes(router: APIRouter, context: Buddy) -> None:
    """Add the route."""
    may_read = Depends(context.access.need(Permission.SYSTEM_READ))

    @router.get("/v1/openclaw/bots-models")
    async def inventory(principal: Principal = may_read) -> dict[str, Any]:
        """They are looked at anew each time: `refresh` changes nothing."""
        roster, catalogue = context.side().roster(), context.live.current
        usual = _model_of(roster.default, catalogue, principal)
        now = moment(context.gate.clock.now())
        bots = [
            _bot(agent, _model_of(agent, catalogue, principal), roster.bindings, str(context.home))
            for agent in roster.agents.values()
        ]
        models = [
            _model(offer, usual)
            for offer in catalogue.offers.values()
            if offer.kind == "chat" and not offer.provider.agents
        ]
        return success({"data": {"bots": bots, "models": models, "updated_at": now}, "updated_at": now})


def _model_of(agent: Agent, catalogue: Catalogue, principal: Principal) -> str:
    """What the agent asks; nothing where there is no model at all."""
    if agent.model:
        return real_name(agent.model, agent.defaults.models, catalogue)
    try:
        return default_model(catalogue, principal)
    except GatewayError:
        return ""


def _bot(agent: Agent, model: str, bindings: Sequence[Binding], home: str) -> JsonObject:
    rules = [binding for binding in bindings if normalise_agent_id(binding.agent_id) == agent.id]
    return {
        "id": agent.id,
        "name": agent.name,
        "model": model,
        "emoji": agent.emoji,
        "workspace": str(agent.workspace),
        "agentDir": f"{home}/agents/{agent.id}",
        "isDefault": agent.is_default,
        "routingRules": str(len(rules)),
        "routing": ", ".join(_rule(rule) for rule in rules) or _NO_RULES,
    }


def _rule(binding: Binding) -> str:
    match = binding.match
    return ":".join(part for part in (match.channel, match.account_id) if part)


def _model(offer: Offer, usual: str) -> JsonObject:
    settings = offer.settings
    told: JsonObject = {
        "id": offer.name,
        "name": (settings.name if settings is not None else None) or offer.display_name or offer.model,
        "provider": offer.provider.id,
        "isDefault": usual in (offer.name, offer.model),
        "input": list(settings.input) if settings is not None else ["text"],
    }
    return {**told, "contextWindow": offer.context_window} if offer.context_window else told
