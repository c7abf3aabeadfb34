"""`GET /api/health`: open to everybody, tells nothing but that the gateway answers."""

from __future__ import annotations

from fastapi import APIRouter

from crawdad import __version__
from crawdad.api.opsclaw.context import OpsClaw


def health_routes(router: APIRouter, context: OpsClaw) -> None:
    """Add the route."""

    @router.get("/api/health")
    async def health() -> dict[str, str]:
        return {"status": "ok", "version": __version__}
