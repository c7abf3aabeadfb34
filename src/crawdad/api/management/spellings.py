"""Other spellings of a management request that mean the same: a slash at the end of the path, and HEAD for GET."""

from __future__ import annotations

from starlette.requests import ClientDisconnect

from crawdad.api.call import Receive, Scope, Send
from crawdad.api.management.mount import Application


class Spellings:
    """Serves them in front of an application. A redirect would not do: behind a proxy it leads to an address that the client
    cannot reach, and many clients send no body a second time."""

    def __init__(self, app: Application) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = scope["path"]
        if len(path) > 1 and path.endswith("/"):
            scope = {**scope, "path": path[:-1]}
        if scope.get("method") == "HEAD":
            await _without_body(self._app, {**scope, "method": "GET"}, receive, send)
        else:
            await self._app(scope, receive, send)


async def _without_body(app: Application, scope: Scope, receive: Receive, send: Send) -> None:
    """The head of the answer, with nothing behind it; a stream, which might never end, is left off there."""
    over = False

    async def send_head(message: Scope) -> None:
        nonlocal over
        if over:
            raise OSError
        await send({**message, "body": b"", "more_body": False} if message["type"] == "http.response.body" else message)
        over = message["type"] == "http.response.body"

    try:
        await app(scope, receive, send_head)
    except (OSError, ClientDisconnect):
        if not over:
            raise
