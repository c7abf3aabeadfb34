"""The envelope of good answers, and how the routes of the contract are made."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import Response

from crawdad.api.call import Receive, Scope, Send
from crawdad.api.guide.moments import moment
from crawdad.api.management.mount import Application

VERSION = "1.0"
_HEADER = (b"openclaw-version", VERSION.encode())
_RESERVED = frozenset(("success", "data", "timestamp", "error"))


def enveloped(data: dict[str, Any], at: float, status: int = 200) -> Response:
    """`{success, data, timestamp}`, and beside these the fields of `data` once more: the guide's examples are bare."""
    bare = {name: value for name, value in data.items() if name not in _RESERVED}
    body = {**bare, "success": True, "data": data, "timestamp": moment(at)}
    return Response(orjson.dumps(body), status, media_type="application/json")


def versioned(application: Application) -> Application:
    """An application whose every answer tells the version of the interface."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        async def told(message: Scope) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], _HEADER]
            await send(message)

        await application(scope, receive, told)

    return serve
