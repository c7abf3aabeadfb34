"""Refusing the handshake of a WebSocket with an HTTP answer, in the words of a contract."""

from __future__ import annotations

from math import ceil

import orjson

from crawdad.api.call import Scope, Send
from crawdad.api.management.mount import WriteError
from crawdad.core.errors import GatewayError


async def refuse(scope: Scope, send: Send, error: GatewayError, write_error: WriteError) -> None:
    """Answer a handshake with an error."""
    status, body = write_error(error, "en")
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008, "reason": error.message()[:120]})
        return
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    if error.retry_after is not None:
        headers.append((b"retry-after", str(ceil(error.retry_after)).encode()))
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": orjson.dumps(body)})
