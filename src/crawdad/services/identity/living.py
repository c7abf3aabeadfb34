"""Who may still do something, for work that goes on in somebody's name when nobody is at the door."""

from __future__ import annotations

from collections.abc import Callable

from crawdad.core.identity import Principal
from crawdad.core.settings import GatewaySettings
from crawdad.services.identity.door import Door
from crawdad.services.identity.visitors import visitor, welcomes


class Living:
    """Finds the living principal of an id: a key that is neither revoked nor expired, the tokens of the settings, and whoever
    a proxy or Tailscale vouched for, as long as the settings take their word."""

    def __init__(self, door: Door, gateway: Callable[[], GatewaySettings]) -> None:
        self._door = door
        self._gateway = gateway

    def __call__(self, principal_id: str) -> Principal | None:
        """The principal as it stands now, with the rights and limits of now; None: it is no more."""
        found = self._door.holder(principal_id)
        if found is not None:
            return found
        kind, _, user = principal_id.partition(":")
        return visitor(kind, user) if welcomes(self._gateway(), kind, user) else None
