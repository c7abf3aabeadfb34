"""What the routes need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from crawdad.api.management.access import Guard, guard
from crawdad.api.speaking import Gate
from crawdad.core.identity import Permission
from crawdad.services.activity.log import ActivityLog
from crawdad.services.health import HealthReport
from crawdad.services.identity.ended_sessions import EndedSessions
from crawdad.services.identity.keys import Keys
from crawdad.services.identity.panel_tokens import PanelTokens
from crawdad.services.mcp.desk import McpDesk
from crawdad.services.notifications import Notifications
from crawdad.services.task_board import TaskBoard
from crawdad.services.tools.approvals import ApprovalService


@dataclass(frozen=True, slots=True)
class PageParts:
    """What signing in to the pages needs."""

    tokens: PanelTokens
    ended: EndedSessions
    activity: ActivityLog


@dataclass(frozen=True, slots=True)
class Console:
    """The services behind the routes."""

    gate: Gate
    keys: Keys
    approvals: ApprovalService
    tasks: TaskBoard
    notifications: Notifications
    pages: PageParts
    health: Callable[[], HealthReport]
    mcp: McpDesk | None = None

    def need(self, permission: Permission) -> Guard:
        """A dependency: who asks, holding `permission`."""
        return guard(self.gate.door, permission)
