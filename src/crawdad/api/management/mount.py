"""Where the management contracts hang in the table of routes.

FastAPI takes longer to import than all else of the gateway together, and a gateway may run for weeks without anybody asking
for a panel: the application behind a mount is made when the first request for it comes, off the event loop.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from crawdad.api.call import Receive, Scope, Send, too_large
from crawdad.api.later import Later
from crawdad.core.errors import GatewayError
from crawdad.core.settings import GatewaySettings
from crawdad.core.text import Language

Application = Callable[[Scope, Receive, Send], Awaitable[None]]
WriteError = Callable[[GatewayError, Language], tuple[int, dict[str, Any]]]
"""The contract's status and body for an error."""


@dataclass(frozen=True, slots=True)
class Mount:
    """Paths that begin with `prefix` belong to a contract."""

    prefix: str
    application: Application
    write_error: WriteError
    most_bytes: Callable[[GatewaySettings], int] | None = None
    """How long a body may be; None: as long as any (`gateway.maxBodyBytes`)."""

    def limit(self, settings: GatewaySettings) -> int:
        """The longest body, in bytes."""
        return settings.max_body_bytes if self.most_bytes is None else self.most_bytes(settings)


class LazyApplication:
    """An ASGI application that is made by `make` when first called."""

    def __init__(self, make: Callable[[], Application]) -> None:
        self._application = Later(make)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        application = await self._application.get()
        await application(scope, receive, send)


def with_call(scope: Scope, state: Mapping[str, Any]) -> Scope:
    """The scope of a request with what the front door knows of it: `id`, `address` and `language` in its state."""
    return {**scope, "state": {**scope.get("state", {}), **state}}


def limited(receive: Receive, limit: int) -> Receive:
    """`receive` that raises TOO_LARGE once the body is longer than `limit` bytes."""
    size = 0

    async def counted() -> Scope:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > limit:
            raise too_large(limit)
        return message

    return counted
