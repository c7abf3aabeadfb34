"""`logs.tail`: the log of the process."""

from __future__ import annotations

from typing import Any

from crawdad.api.control.context import Control
from crawdad.api.control.registry import Asked, Method
from crawdad.core.parts import JsonObject
from crawdad.wire.control.log_lines import log_line
from crawdad.wire.control.schema import closed, integer
from crawdad.wire.control.scopes import READ

_LINES, _BYTES = 500, 250_000


def methods(control: Control) -> list[Method]:
    """The methods of this subject."""

    async def tail(asked: Asked) -> Any:
        params = asked.params
        cursor = params.get("cursor")
        limit, most = int(params.get("limit", _LINES)), int(params.get("maxBytes", _BYTES))
        found = await control.log_tail.read(None if cursor is None else int(cursor), limit, most)
        lines = [log_line(line) for line in found.lines]
        told: JsonObject = {"file": found.file, "cursor": found.cursor, "size": found.size, "lines": lines}
        # Clients take this for a want of bytes; where as many lines came as were asked for, it is none.
        told |= {"truncated": found.truncated and len(lines) < limit, "reset": found.reset}
        if found.omitted or found.omitted_bytes:
            told |= {"omitted": found.omitted, "omittedBytes": found.omitted_bytes}
        return told

    params = closed({"cursor": integer(0), "limit": integer(1, 5000), "maxBytes": integer(1, 1_000_000)})
    return [
        Method(
            "logs.tail", READ, tail, params, "{file, cursor, size, lines[], truncated, reset, omitted?, omittedBytes?}"
        )
    ]
