"""`GET /system/status`."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Response

from crawdad import __version__
from crawdad.api.guide.context import Guide
from crawdad.services.sessions.conversations import Caller


def system_routes(router: APIRouter, guide: Guide) -> None:
    """Add the route."""

    entered = Depends(guide.enter)

    @router.get("/api/v1/system/status")
    async def status(caller: Caller = entered) -> Response:
        tokens, context = await guide.conversations.limits.standing(caller.principal)
        limits = guide.settings.gateway.rest_api
        seconds = max(0, int(guide.gate.clock.monotonic() - guide.started_at))
        data = {
            "gateway": "running" if guide.gate.switch.running else "stopped",
            "version": __version__,
            "uptime": f"{seconds}s",
            "resources": {
                "tokenUsage": tokens,
                "contextUsage": context,
                "queueDepth": await guide.queue_depth(),
            },
            "limits": {
                "requestsPerMinute": limits.requests_per_minute,
                "tokensPerMinute": limits.tokens_per_minute,
                "contextTokensPerMinute": limits.context_tokens_per_minute,
            },
        }
        return guide.answer(data)
