"""`/api/zai/models/fetch`: which models an address has, before it is saved."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends
from pydantic import BaseModel, Field, ValidationError

from crawdad.api.opsclaw.app_config import invalid
from crawdad.api.opsclaw.app_config_model import WebAddress
from crawdad.api.opsclaw.config import inner
from crawdad.api.opsclaw.context import OpsClaw
from crawdad.api.opsclaw.zai import PROVIDER
from crawdad.core.identity import Permission


class ZaiAccess(BaseModel):
    """Where to ask for models, and with what."""

    api_key: str = Field("", max_length=4096)
    base_url: WebAddress = "https://api.z.ai/api/anthropic"


def zai_models_routes(router: APIRouter, context: OpsClaw) -> None:
    """Add the route."""
    may_configure = Depends(context.need(Permission.CONFIG_WRITE))

    @router.post("/api/zai/models/fetch", dependencies=[may_configure])
    async def zai_models(body: Annotated[dict[str, Any], Body()]) -> list[str]:
        try:
            wanted = ZaiAccess.model_validate(inner(body, "zai"))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise invalid("config.bad_value", ".".join(map(str, first["loc"])), reason=first["msg"]) from None
        return await context.remote_models.fetch(PROVIDER, wanted.base_url, wanted.api_key)
