"""Reads and saves the configuration object of the contract: whole or not at all, and in effect at once."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from crawdad.api.opsclaw.app_config import (
    Facts,
    JsonObject,
    Orders,
    check_config,
    masked,
    merged,
    orders_for,
    read_config,
    setting_of,
)
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import EVERYTHING, Permission, Principal
from crawdad.core.text import Text
from crawdad.services.catalogue import Catalogue
from crawdad.services.catalogue.plan import is_model
from crawdad.services.configuration.json5.document import plain
from crawdad.services.configuration.loading import Loaded
from crawdad.services.configuration.running import RunningConfiguration
from crawdad.services.panel_values import PanelValues
from crawdad.services.switch import ServiceSwitch

_EXTRAS = "opsclaw.config"


@dataclass(frozen=True, slots=True)
class Saved:
    """What a save did. `overridden`: keys that an environment variable stands above, with its name."""

    changed: tuple[str, ...]
    restart_required: bool
    overridden: dict[str, str]
    no_effect: list[str]
    hash: str


class AppConfigKeeper:
    """One for the application."""

    def __init__(
        self,
        configuration: RunningConfiguration,
        panel: PanelValues,
        switch: ServiceSwitch,
        catalogue: Callable[[], Catalogue],
        accounts: Callable[[], int],
    ) -> None:
        self._configuration = configuration
        self._panel = panel
        self._switch = switch
        self._catalogue = catalogue
        self._accounts = accounts

    async def read(self, principal: Principal) -> tuple[JsonObject, str]:
        """The object as `principal` may see it, and the hash of what it was made from."""
        async with self._panel.lock:
            loaded, facts = await self._facts()
        config = read_config(facts)
        if Permission.SECRETS_READ not in principal.permissions:
            config = masked(config)
        return config, _hash(loaded, facts.extras)

    async def save(self, body: JsonObject, principal: Principal, base_hash: str | None = None) -> Saved:
        """Save the object or a part of it. Raises BAD_REQUEST, FORBIDDEN, CONFLICT; then nothing was changed."""
        async with self._panel.lock:
            loaded, facts = await self._facts()
            if base_hash is not None and base_hash != _hash(loaded, facts.extras):
                raise GatewayError(ErrorKind.CONFLICT, Text("configuration.conflict"), {"code": "conflict"})
            shown = read_config(facts)
            config = merged(shown, body)
            await asyncio.to_thread(check_config, config, facts.is_model)  # a thousand patterns take a moment
            orders = orders_for(config, shown, facts)
            _check_rights(orders, principal)
            restart = await self._carry_out(orders, loaded if base_hash is not None else None, dict(facts.extras))
            loaded, facts = await self._facts()
        return Saved(
            orders.changed, restart, _overridden(orders.changed, loaded), orders.no_effect, _hash(loaded, facts.extras)
        )

    async def _carry_out(self, orders: Orders, based_on: Loaded | None, extras: JsonObject) -> bool:
        """Make the changes; whether some of them need a restart."""
        if orders.extras != extras:
            await self._panel.write(_EXTRAS, orders.extras)
        try:
            written = None
            if orders.patch:
                written = await self._configuration.change(orders.patch, based_on.hash if based_on else None)
        except BaseException:
            if orders.extras != extras:
                await self._panel.write(_EXTRAS, extras)
            raise
        if orders.auto_start is not None:
            await self._switch.set_auto_start(orders.auto_start)
        return written is not None and written.difference.needs_restart

    async def _facts(self) -> tuple[Loaded, Facts]:
        loaded = await self._configuration.load()
        rules = loaded.stated.find(("models", "rules"))
        stated: Any = plain(rules) if rules is not None else []
        facts = Facts(
            effective=await self._configuration.effective(),
            rules=tuple(rule for rule in stated if isinstance(rule, dict)) if isinstance(stated, list) else (),
            extras=await self._panel.read(_EXTRAS),
            running=self._switch.running,
            auto_start=self._switch.auto_start,
            accounts=self._accounts(),
            is_model=partial(is_model, self._catalogue()),
        )
        return loaded, facts


def _check_rights(orders: Orders, principal: Principal) -> None:
    """A key that may change the configuration must not make itself more than it is by that."""
    if orders.touches_identity and not principal.permissions >= EVERYTHING:
        raise GatewayError(ErrorKind.FORBIDDEN, Text("config.identity_forbidden"), {"code": "forbidden"})
    if orders.touches_secrets:
        principal.need(Permission.SECRETS_READ)


def _overridden(changed: tuple[str, ...], loaded: Loaded) -> dict[str, str]:
    found = {}
    for key in changed:
        place = setting_of(key)
        origin = loaded.origin(place) if place else None
        if origin is not None and origin.variable:
            found[key] = origin.variable
    return found


def _hash(loaded: Loaded, extras: Any) -> str:
    kept = orjson.dumps(extras, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(loaded.hash.encode() + b" " + kept).hexdigest()[:32]
