"""What every answer of a management contract tells a browser: to take it for what it says it is, and to tell nobody where it
came from. What people call themselves in chats stands in such answers; none of it is ever to become a page."""

from __future__ import annotations

from crawdad.api.call import Receive, Scope, Send
from crawdad.api.management.mount import Application

_HEADERS = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"))


class PlainAnswers:
    """Puts the headers to answers that have none of their own of that name."""

    def __init__(self, app: Application) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def send_plain(message: Scope) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                names = {bytes(name).lower() for name, _ in headers}
                missing = [(name, value) for name, value in _HEADERS if name not in names]
                message = {**message, "headers": [*headers, *missing]}
            await send(message)

        await self._app(scope, receive, send_plain)
