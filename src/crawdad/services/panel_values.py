"""What panels keep on the server that no setting says: their own preferences, as JSON objects by name."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text
from crawdad.store.key_values import KeyValues

_MOST_BYTES = 256 * 1024
_PREFIX = "panel."


class PanelValues:
    """Whoever changes what is there reads it under `lock`, so that two changes at once do not lose one."""

    def __init__(self, values: KeyValues) -> None:
        self.lock = asyncio.Lock()
        self._values = values

    async def read(self, name: str) -> dict[str, Any]:
        """The object, empty where nothing was kept."""
        value = await self._values.get(_PREFIX + name)
        return value if isinstance(value, dict) else {}

    async def write(self, name: str, value: dict[str, Any]) -> None:
        """Keep the object in place of what there was. Raises TOO_LARGE."""
        if len(orjson.dumps(value)) > _MOST_BYTES:
            words = Text("panel.too_large", {"limit": _MOST_BYTES})
            raise GatewayError(ErrorKind.TOO_LARGE, words, {"code": "body_too_large"})
        await self._values.put(_PREFIX + name, value)
