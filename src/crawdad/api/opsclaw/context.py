"""What the routes of the contract need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from crawdad.api.management.access import Guard, guard
from crawdad.api.opsclaw.app_config_keeper import AppConfigKeeper
from crawdad.api.speaking import Gate
from crawdad.core.identity import Permission


@dataclass(frozen=True, slots=True)
class OpsClaw:
    """The services behind the contract."""

    gate: Gate
    config: AppConfigKeeper
    active_accounts: Callable[[], int]

    def need(self, permission: Permission) -> Guard:
        """A dependency: who asks, holding `permission`."""
        return guard(self.gate.door, permission)
