"""What the routes of the contract need, and who may call them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response

from crawdad.api.guide.envelope import enveloped
from crawdad.api.guide.versioned import VERSION
from crawdad.api.management.access import principal_of
from crawdad.api.management.contract_route import language_of
from crawdad.api.speaking import Gate
from crawdad.core.errors import GatewayError, bad_request
from crawdad.core.identity import Permission
from crawdad.core.settings import Settings
from crawdad.services.sessions.conversations import Caller, Conversations
from crawdad.services.sessions.copies import Copies
from crawdad.services.tasks import Tasks

_VERSIONS = frozenset(("", "1", VERSION, f"v{VERSION}", "v1"))


@dataclass(frozen=True, slots=True)
class Guide:
    """The services behind the routes. `queue_depth`: how many turns wait."""

    gate: Gate
    conversations: Conversations
    copies: Copies
    tasks: Tasks
    queue_depth: Callable[[], Awaitable[int]]
    started_at: float

    @property
    def settings(self) -> Settings:
        """The settings in effect."""
        return self.gate.settings()

    def answer(self, data: dict[str, Any], status: int = 200) -> Response:
        """A good answer."""
        return enveloped(data, self.gate.clock.now(), status)

    async def enter(self, request: Request) -> Caller:
        """A dependency: who asks. Raises UNAUTHENTICATED, FORBIDDEN, BAD_REQUEST for a version that is not served, and
        RATE_LIMITED."""
        principal = principal_of(self.gate.door, request)
        version = request.headers.get("openclaw-version", "").strip().lower()
        if version not in _VERSIONS:
            raise _no_version(version)
        principal.need(Permission.AGENTS_USE)
        await self.conversations.limits.enter(principal)
        return Caller(principal, request.state.address, language_of(request))


def _no_version(version: str) -> GatewayError:
    error = bad_request("guide.version", "OpenClaw-Version", version=version[:40])
    error.details["code"] = "unsupported_version"
    return error
