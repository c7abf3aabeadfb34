"""Bodies as the contract takes them: JSON objects."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import Request

from crawdad.api.call import too_large
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

USUAL_BYTES = 100 * 1024
"""What a body may have, unless a route says otherwise."""


def has_body(request: Request) -> bool:
    """Whether anything was sent along."""
    headers = request.headers
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


async def body_of(request: Request, limit: int = USUAL_BYTES) -> dict[str, Any]:
    """The body. Raises BAD_REQUEST for what is no JSON object, TOO_LARGE as soon as that is seen."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > limit:
            raise too_large(limit)
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("buddy.bad_body"), {"code": "invalid_request"})
    return found
