"""Reads and saves ClawPanel's `admin-config`: whole or not at all, and in effect at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crawdad.api.clawpanel.admin_config import Facts, JsonObject, Orders, orders_for, shown
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import EVERYTHING, Permission, Principal
from crawdad.core.text import Text
from crawdad.services.configuration.running import RunningConfiguration
from crawdad.services.panel_values import PanelValues

_EXTRAS = "clawpanel.admin"


@dataclass(frozen=True, slots=True)
class Saved:
    """What a save did."""

    changed: tuple[str, ...]
    restart_required: bool


class AdminConfigKeeper:
    """One for the application."""

    def __init__(self, configuration: RunningConfiguration, panel: PanelValues) -> None:
        self._configuration = configuration
        self._panel = panel

    async def read(self) -> JsonObject:
        """The object, secrets masked."""
        async with self._panel.lock:
            return shown(await self._facts())

    async def save(self, body: Mapping[str, Any], principal: Principal, section: str = "") -> Saved:
        """Merge a part of the object into it, or with `section` put `body` in its place. Raises BAD_REQUEST naming the key,
        FORBIDDEN, CONFLICT; then nothing was changed."""
        async with self._panel.lock:
            facts = await self._facts()
            orders = orders_for(body, facts, replaced=section)
            _check_rights(orders, principal)
            return Saved(tuple(orders.changed), await self._carry_out(orders, dict(facts.extras)))

    async def _carry_out(self, orders: Orders, extras: JsonObject) -> bool:
        if orders.extras != extras:
            await self._panel.write(_EXTRAS, orders.extras)
        try:
            written = await self._configuration.change(orders.patch) if orders.patch else None
        except BaseException:
            if orders.extras != extras:
                await self._panel.write(_EXTRAS, extras)
            raise
        return written is not None and written.difference.needs_restart

    async def _facts(self) -> Facts:
        await self._configuration.load()
        effective = await self._configuration.effective()
        return Facts(effective, await self._panel.read(_EXTRAS), self._configuration.path)


def _check_rights(orders: Orders, principal: Principal) -> None:
    """A key that may change the configuration must not make itself more than it is by that."""
    if orders.identity and not principal.permissions >= EVERYTHING:
        raise GatewayError(ErrorKind.FORBIDDEN, Text("config.identity_forbidden"), {"code": "forbidden"})
    if orders.secrets:
        principal.need(Permission.SECRETS_READ)
