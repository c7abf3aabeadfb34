"""What the routes need."""

from __future__ import annotations

from dataclasses import dataclass

from crawdad.api.management.access import Guard, guard
from crawdad.api.speaking import Gate
from crawdad.core.identity import Permission
from crawdad.services.identity.keys import Keys
from crawdad.services.tools.approvals import ApprovalService


@dataclass(frozen=True, slots=True)
class Console:
    """The services behind the routes."""

    gate: Gate
    keys: Keys
    approvals: ApprovalService

    def need(self, permission: Permission) -> Guard:
        """A dependency: who asks, holding `permission`."""
        return guard(self.gate.door, permission)
