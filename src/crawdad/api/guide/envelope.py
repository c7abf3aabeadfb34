"""The envelope of good answers."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import Response

from crawdad.api.guide.moments import moment

_RESERVED = frozenset(("success", "data", "timestamp", "error"))


def enveloped(data: dict[str, Any], at: float, status: int = 200) -> Response:
    """`{success, data, timestamp}`, and beside these the fields of `data` once more: the guide's examples are bare."""
    bare = {name: value for name, value in data.items() if name not in _RESERVED}
    body = {**bare, "success": True, "data": data, "timestamp": moment(at)}
    return Response(orjson.dumps(body), status, media_type="application/json")
