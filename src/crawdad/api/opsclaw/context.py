"""What the routes of the contract need."""

from __future__ import annotations

from dataclasses import dataclass

from crawdad.api.management.access import Guard, guard
from crawdad.api.speaking import Gate
from crawdad.core.identity import Permission
from crawdad.services.accounts.oauth.sign_ins import SignIns
from crawdad.services.accounts.services import AccountServices
from crawdad.services.logs import Logs
from crawdad.services.statistics import Statistics


@dataclass(frozen=True, slots=True)
class OpsClaw:
    """The services behind the contract."""

    gate: Gate
    accounts: AccountServices
    sign_ins: SignIns
    logs: Logs
    statistics: Statistics

    def need(self, *permissions: Permission) -> Guard:
        """A dependency: who asks, holding at least one of `permissions`."""
        return guard(self.gate.door, *permissions)
