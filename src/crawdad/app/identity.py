"""Who comes in, put together: keys, the door, visitors from a private network, and tokens of panels."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from crawdad.adapters.programs import LocalPrograms, TailscaleWhois
from crawdad.app import first_token
from crawdad.app.accounts import World
from crawdad.core.settings import AuthSettings
from crawdad.services.identity import Door
from crawdad.services.identity.ended_sessions import EndedSessions
from crawdad.services.identity.installation_key import InstallationKey
from crawdad.services.identity.keys import Keys
from crawdad.services.identity.panel_tokens import PANEL_KEY, PanelTokens
from crawdad.services.identity.visitors import Visitors
from crawdad.store.changes import Changes
from crawdad.store.key_values import KeyValues
from crawdad.store.keys import KeyStore


@dataclass(frozen=True, slots=True)
class Identity:
    """The parts that others use."""

    door: Door
    keys: Keys
    visitors: Visitors
    tokens: PanelTokens
    ended: EndedSessions


async def open_identity(
    world: World, changes: Changes, key_values: KeyValues, home: str, environment: Mapping[str, str]
) -> Identity:
    """All of them. `home` and `environment` tell where programs of this machine are."""
    clock, randomness = world.clock, world.randomness
    keys, door = Keys(KeyStore(world.database), changes, clock, randomness), Door(clock)
    await keys.refresh(door, world.settings().gateway.auth)
    visitors = Visitors(TailscaleWhois(LocalPrograms(home, environment)), clock, lambda: world.settings().gateway)
    installation_key = InstallationKey(PANEL_KEY, key_values, world.box, randomness)
    ended = EndedSessions(door, key_values, changes, clock)
    await ended.load()
    return Identity(door, keys, visitors, PanelTokens(door, installation_key, clock, randomness), ended)


async def make_first_token(identity: Identity, auth: Callable[[], AuthSettings], home: Path) -> str | None:
    """The token that is to be shown: made now where there is no way in yet, or by an earlier start whose end nobody saw."""
    token = await identity.keys.first_token(auth())
    if token is not None:
        await asyncio.to_thread(first_token.keep, home, token)
        await identity.keys.refresh(identity.door, auth())
        return token
    waiting = await asyncio.to_thread(first_token.kept, home)
    if waiting is not None and not await identity.keys.knows(waiting):
        await asyncio.to_thread(first_token.forget, home)
        return None
    return waiting
