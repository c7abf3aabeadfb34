"""Where the contract stands, and the version that each of its answers tells. Imported at the start: nothing heavy here."""

from __future__ import annotations

from crawdad.api.call import Receive, Scope, Send
from crawdad.api.management.mount import Application

VERSION = "1.0"
REST_PREFIX = "/api/v1/"
_HEADER = (b"openclaw-version", VERSION.encode())


def versioned(application: Application) -> Application:
    """An application whose every answer tells the version of the interface."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        async def told(message: Scope) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], _HEADER]
            await send(message)

        await application(scope, receive, told)

    return serve
