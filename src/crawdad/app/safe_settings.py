"""Whom to tell in safe mode, where the configuration cannot be used: what of it can be read says so, or else the newest that
was free of errors."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import structlog
from pydantic import ValidationError

from crawdad.adapters.backups import LocalBackups
from crawdad.adapters.last_good_file import LocalLastGood
from crawdad.app.launch import Launch
from crawdad.app.wiring import configuration_source
from crawdad.core.backups import CONFIG_ROOT, Backup
from crawdad.core.errors import GatewayError
from crawdad.core.settings import Settings
from crawdad.services.configuration.json5.document import plain
from crawdad.services.configuration.loading import Loaded
from crawdad.services.healing.last_good import read_last_good

_MOST_TEXT = 8 << 20
_MOST_TRIED = 3

_log = structlog.get_logger(__name__)


async def with_those_to_tell(bare: Settings, loaded: Loaded, launch: Launch, backups: Path) -> Settings:
    """`bare`, with the targets of notifications and what the ways to them need. Nothing else comes back: what decides who may
    do what stays as it is."""
    found = _readable(loaded) or await _kept(launch, backups)
    if found is None:
        return bare
    gateway = bare.gateway.model_copy(update={"private_networks": found.gateway.private_networks})
    return bare.model_copy(
        update={"notifications": found.notifications, "channels": found.channels, "gateway": gateway}
    )


def _readable(loaded: Loaded) -> Settings | None:
    value: Any = plain(loaded.root)
    if not isinstance(value, dict) or "notifications" not in value:
        return None
    wanted = {name: value[name] for name in ("notifications", "channels") if name in value}
    gateway = value.get("gateway")
    if isinstance(gateway, dict) and isinstance(gateway.get("privateNetworks"), bool):
        wanted["gateway"] = {"privateNetworks": gateway["privateNetworks"]}
    try:
        return Settings.model_validate(wanted, by_alias=True, by_name=False)
    except ValidationError:
        return None


async def _kept(launch: Launch, folder: Path) -> Settings | None:
    store = LocalBackups(folder)
    try:
        listed = [each for each in await store.listed() if each.valid and "config" in each.parts]
        good = await read_last_good(LocalLastGood(launch.home).read)
        best = [each for each in listed if good is not None and each.configuration == good.configuration]
        for backup in [*best[:1], *listed][:_MOST_TRIED]:
            settings = await _settings_of(store, backup, launch)
            if settings is not None:
                return settings
    except (GatewayError, OSError) as error:
        _log.warning("nobody_to_tell", reason=str(error))
    return None


async def _settings_of(store: LocalBackups, backup: Backup, launch: Launch) -> Settings | None:
    """By its main file alone, as a start would read it."""
    entry = (await store.read(backup.id)).find(CONFIG_ROOT, launch.config_path.name)
    if entry is None or entry.sealed:
        return None
    data = await store.content(entry, _MOST_TEXT)
    place = launch.home / "heal" / "told.json"
    await asyncio.to_thread(_write, place, data)
    try:
        return (await (await configuration_source(launch._replace(config_path=place))).load()).settings
    finally:
        await asyncio.to_thread(place.unlink, missing_ok=True)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(data)
