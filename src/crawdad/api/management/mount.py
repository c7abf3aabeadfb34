"""Where the management contracts hang in the table of routes.

FastAPI takes longer to import than all else of the gateway together, and a gateway may run for weeks without anybody asking
for a panel: the application behind a mount is made when the first request for it comes, off the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from crawdad.api.call import Receive, Scope, Send, too_large
from crawdad.core.errors import GatewayError
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


class LazyApplication:
    """An ASGI application that is made by `make` when first called."""

    def __init__(self, make: Callable[[], Application]) -> None:
        self._make = make
        self._made: Application | None = None
        self._making = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if self._made is None:
            async with self._making:
                if self._made is None:
                    self._made = await asyncio.to_thread(self._make)
        await self._made(scope, receive, send)


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
