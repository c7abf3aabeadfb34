"""`/api/proxy/mapping`: mapping rules as one table, saved and tried."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Request
from pydantic import BaseModel, Field

from crawdad.api.management.contract_route import language_of
from crawdad.api.opsclaw.app_config import invalid
from crawdad.api.opsclaw.config import base_hash_of, inner, told
from crawdad.api.opsclaw.context import OpsClaw
from crawdad.core.identity import Permission, Principal
from crawdad.services.catalogue import Offer
from crawdad.services.catalogue.explain import explain, unknown_targets

_PROTOCOLS = {
    "openai": "openai-chat",
    "openai-chat": "openai-chat",
    "responses": "openai-responses",
    "openai-responses": "openai-responses",
    "anthropic": "anthropic-messages",
    "claude": "anthropic-messages",
    "anthropic-messages": "anthropic-messages",
    "gemini": "gemini",
}


class MappingTest(BaseModel):
    """A name to try, asked for in `protocol` (`openai`, `responses`, `anthropic`, `gemini`)."""

    model: str = Field(min_length=1, max_length=256)
    protocol: str = "openai"


def mapping_routes(router: APIRouter, context: OpsClaw) -> None:
    """Add the routes."""
    may_read, may_write = Depends(context.need(Permission.CONFIG_READ)), Depends(context.need(Permission.CONFIG_WRITE))
    front = context.gate.front

    @router.post("/api/proxy/mapping")
    async def save(
        request: Request, body: Annotated[dict[str, Any], Body()], principal: Principal = may_write
    ) -> dict[str, Any]:
        wanted = inner(body)
        mapping = wanted.get("custom_mapping")
        if not isinstance(mapping, dict):
            raise invalid("config.bad_value", "custom_mapping", reason="Input should be an object")
        saved = await context.config.save(
            {"proxy": {"custom_mapping": mapping}}, principal, base_hash_of(request, body)
        )
        unknown = await asyncio.to_thread(unknown_targets, front.catalogue(), mapping)
        return {**told(saved), "count": len(mapping), "unknown_targets": unknown}

    @router.post("/api/proxy/mapping/test", dependencies=[may_read])
    async def test(request: Request, wanted: MappingTest) -> dict[str, Any]:
        protocol = _PROTOCOLS.get(wanted.protocol.lower())
        if protocol is None:
            raise invalid("config.bad_value", "protocol", reason=f"one of {', '.join(_PROTOCOLS)}")
        found = explain(front.catalogue(), wanted.model, protocol)
        return {
            "model": wanted.model,
            "protocol": protocol,
            "found": bool(found.offers),
            "mapped_model": found.offers[0].name if found.offers else None,
            "steps": [
                {"name": step.name, "how": step.how, "by": step.by, "target": step.target} for step in found.steps
            ],
            "offers": [_offer(offer) for offer in found.offers[:50]],
            "reason": found.problem.message(language_of(request)) if found.problem else None,
        }


def _offer(offer: Offer) -> dict[str, Any]:
    return {"model": offer.name, "provider": offer.provider.id, "protocol": offer.protocol, "kind": offer.kind}
