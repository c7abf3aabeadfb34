"""Bodies as the contract takes them: JSON or a form, and nothing at all where nothing is needed."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import orjson
from fastapi import Request

from crawdad.api.call import too_large
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

USUAL_BYTES = 100 * 1024
"""What a body may have (the contract's limit); documents and whole configurations may be `LARGE_BYTES`."""
LARGE_BYTES = 4 * 1024 * 1024
_FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 1000


async def body_of(request: Request, limit: int = USUAL_BYTES) -> dict[str, Any]:
    """The body as an object; a missing body, or one of another type, is `{}`. Raises TOO_LARGE, and BAD_REQUEST for what is
    not JSON or not an object."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind not in ("application/json", _FORM):
        return {}
    raw = await raw_body(request, limit)
    if not raw.strip():
        return {}
    try:
        if kind == _FORM:
            return dict(parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
        found = orjson.loads(raw)
    except ValueError:
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("panel.not_json"), {"code": "invalid_json"}) from None
    if not isinstance(found, dict):
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("panel.no_object"), {"code": "invalid_request"})
    return found


async def raw_body(request: Request, limit: int) -> bytes:
    """The bytes of a body. Raises TOO_LARGE, as soon as that is seen."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise too_large(limit)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise too_large(limit)
        parts.append(part)
    return b"".join(parts)
