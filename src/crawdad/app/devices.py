"""Devices that are paired with the control channel."""

from __future__ import annotations

from crawdad.app.accounts import World
from crawdad.services.devices.pairing import Pairing
from crawdad.services.devices.tokens import TokenMint
from crawdad.store.devices import DeviceStore
from crawdad.store.key_values import KeyValues


def pairing_of(world: World) -> Pairing:
    """Who waits to be let in, and who was. All of it is in the database."""
    mint = TokenMint(KeyValues(world.database), world.box, world.randomness)
    return Pairing(DeviceStore(world.database), mint, world.cluster.bus, world.clock, world.randomness)
