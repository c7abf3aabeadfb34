"""`/api/system/updates/*`: what panels ask of updates. The index is asked when a panel asks; nothing is installed by these."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends
from pydantic import BaseModel, Field, ValidationError

from crawdad.api.opsclaw.app_config import invalid
from crawdad.api.opsclaw.config import inner
from crawdad.api.opsclaw.context import OpsClaw
from crawdad.core.identity import Permission

_UPDATES = "updates"


class UpdateSettings(BaseModel):
    """Kept for panels, which look when `check-status` says that it is time."""

    auto_check: bool = False
    last_check_time: int = Field(0, ge=0)
    check_interval_hours: int = Field(24, ge=1, le=8760)


class UpdateInfo(BaseModel):
    """What the index offers."""

    current_version: str
    latest_version: str
    has_update: bool
    download_url: str
    release_notes: str
    published_at: str


def update_routes(router: APIRouter, context: OpsClaw) -> None:
    """Add the routes."""
    may_read, may_change = (
        Depends(context.need(Permission.SYSTEM_READ)),
        Depends(context.need(Permission.SYSTEM_MANAGE)),
    )
    panel = context.panel

    @router.get("/api/system/updates/settings", dependencies=[may_read])
    async def update_settings() -> UpdateSettings:
        return UpdateSettings.model_validate(await panel.read(_UPDATES))

    @router.post("/api/system/updates/save", dependencies=[may_change])
    async def save_update_settings(body: Annotated[dict[str, Any], Body()]) -> UpdateSettings:
        async with panel.lock:
            merged = {**(await panel.read(_UPDATES)), **inner(body, "settings")}
            try:
                settings = UpdateSettings.model_validate(merged, strict=True)
            except ValidationError as error:
                first = error.errors(include_url=False, include_input=False)[0]
                raise invalid("config.bad_value", str(first["loc"][0]), reason=first["msg"]) from None
            await panel.write(_UPDATES, settings.model_dump())
        return settings

    @router.post("/api/system/updates/touch", dependencies=[may_change])
    async def touch() -> UpdateSettings:
        async with panel.lock:
            now = int(context.gate.clock.now())
            settings = UpdateSettings.model_validate({**(await panel.read(_UPDATES)), "last_check_time": now})
            await panel.write(_UPDATES, settings.model_dump())
        return settings

    @router.get("/api/system/updates/check-status", dependencies=[may_read])
    async def is_check_due() -> bool:
        settings = UpdateSettings.model_validate(await panel.read(_UPDATES))
        since = context.gate.clock.now() - settings.last_check_time
        return settings.auto_check and since >= settings.check_interval_hours * 3600

    @router.post("/api/system/updates/check", dependencies=[may_read])
    async def check() -> UpdateInfo:
        found = await context.updates.check()
        return UpdateInfo(
            current_version=found.current,
            latest_version=found.latest,
            has_update=found.available,
            download_url="",
            release_notes="",
            published_at="",
        )
