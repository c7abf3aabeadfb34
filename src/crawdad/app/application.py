"""The application: stand-in with the agreed interface, replaced when the branches meet."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from crawdad.app.launch import Launch
from crawdad.core.settings import Settings


class Application:
    """What the server serves."""

    settings: Settings
    first_token: str | None

    async def asgi(self, scope: Any, receive: Any, send: Any) -> None:
        raise NotImplementedError

    async def drain(self, grace_seconds: float) -> None:
        raise NotImplementedError


@asynccontextmanager
async def open_application(launch: Launch, *, safe_mode: bool = False) -> AsyncIterator[Application]:
    yield Application()
