"""API keys made for a tool: a fresh one each time it is set up, and the one before ends."""

from __future__ import annotations

from crawdad.core.errors import GatewayError
from crawdad.core.identity import Permission, Principal
from crawdad.services.cli_sync.tools import Tool
from crawdad.services.identity.keys import KeyOrder, Keys
from crawdad.services.panel_values import PanelValues

_MADE = "cli_sync.keys"


class ToolKeys:
    """Remembers the key that each tool was given."""

    def __init__(self, keys: Keys, panel: PanelValues) -> None:
        self._keys = keys
        self._panel = panel

    async def make(self, tool: Tool, by: Principal) -> tuple[str, str]:
        """`(id, token)` of a key that may use models and nothing else. Raises FORBIDDEN where `by` may not make any."""
        key, token = await self._keys.create(KeyOrder(f"cli-{tool.id}", frozenset({Permission.MODELS_USE})), by)
        return key.id, token

    async def revoke(self, key_id: str) -> None:
        """End a key, if it lives."""
        try:
            await self._keys.revoke(key_id)
        except GatewayError:
            return  # ended already

    async def replace(self, tool: Tool, key_id: str | None) -> None:
        """The tool now uses that key (None: none of ours): the one before ends."""
        async with self._panel.lock:
            made = await self._panel.read(_MADE)
            before = made.pop(tool.id, None)
            if key_id is not None:
                made[tool.id] = key_id
            await self._panel.write(_MADE, made)
        if isinstance(before, str) and before != key_id:
            await self.revoke(before)
