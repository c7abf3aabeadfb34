"""`/api/console/health`: every part of the gateway, and what the last look at it found."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from crawdad.api.console.context import Console
from crawdad.api.management.contract_route import language_of
from crawdad.core.health import HealthLevel
from crawdad.core.identity import Permission


class PartTold(BaseModel):
    """A part. `level` holds; `figure` is what the last look measured, in the unit of the part, and `words` what it found wrong
    (empty: nothing)."""

    name: str
    level: HealthLevel
    figure: float | None
    words: str


class HealthTold(BaseModel):
    """How the gateway does. `checkedAt` is in Unix seconds (null: nobody looked yet), `responseMs` null without an answer."""

    level: HealthLevel
    checkedAt: float | None
    responseMs: float | None
    parts: list[PartTold]


def health_routes(router: APIRouter, context: Console) -> None:
    """Add the routes."""

    @router.get("/api/console/health", dependencies=[Depends(context.need(Permission.SYSTEM_READ))])
    async def read_health(request: Request) -> HealthTold:
        report, language = context.health(), language_of(request)
        parts = [
            PartTold(
                name=name,
                level=part.held.level,
                figure=part.finding.figure,
                words=part.finding.words.render(language) if part.finding.words is not None else "",
            )
            for name, part in report.parts.items()
        ]
        return HealthTold(level=report.level, checkedAt=report.checked_at, responseMs=report.response_ms, parts=parts)
