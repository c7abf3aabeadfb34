"""What the control channel is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from crawdad.api.control.agent_parts import AgentSide
from crawdad.api.control.health import Health
from crawdad.api.control.news import News
from crawdad.core.agents import SystemEvents
from crawdad.core.identity import Principal
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Clock, Randomness
from crawdad.core.settings import Settings
from crawdad.services.accounts.pool import Pool
from crawdad.services.backups.orders import BackupOrders
from crawdad.services.catalogue.offers import Catalogue
from crawdad.services.configuration.editing import ConfigurationEditor
from crawdad.services.devices.admission import Admission
from crawdad.services.devices.pairing import Pairing
from crawdad.services.healing.service import Healing
from crawdad.services.health import HealthReport
from crawdad.services.log_tail import LogTail
from crawdad.services.nodes.asking import NodeAsking
from crawdad.services.nodes.live import Nodes
from crawdad.services.nodes.pending import PendingWork
from crawdad.services.notifications import Notifications
from crawdad.services.owners_language import OwnersLanguage
from crawdad.services.plugins.administration import PluginAdministration
from crawdad.services.presence import Presence
from crawdad.services.speech import Speech
from crawdad.services.statistics import Statistics
from crawdad.services.task_board import TaskBoard
from crawdad.services.tools.approval_file import ApprovalFile
from crawdad.services.updates.orders import UpdateOrders
from crawdad.services.wake_words import WakeWords


class HeartbeatSwitch(Protocol):
    """The pulse of agents, to be looked at and switched."""

    async def last(self) -> JsonObject | None:
        """What the last one came to, as clients see it."""

    async def switch(self, enabled: bool) -> None:
        """On or off."""


class ExecApprovals(Protocol):
    """Commands that wait for somebody's word. All answers are as clients see them."""

    async def request(self, params: JsonObject, by: Principal, early: Callable[[JsonObject], None]) -> JsonObject:
        """Ask, and wait for the decision. `early` tells that the question is asked."""

    async def waiting(self) -> Sequence[JsonObject]:
        """What waits for an answer, as it is told on the bus (`core.approvals.APPROVAL_REQUESTED`)."""

    async def wait(self, approval_id: str) -> JsonObject:
        """The decision, once there is one. Raises NOT_FOUND."""

    async def resolve(self, approval_id: str, decision: str, by: Principal) -> None:
        """Decide. Raises NOT_FOUND, BAD_REQUEST."""

    async def use(self, approval_id: str, run: JsonObject, by: Principal) -> str:
        """Use up what was allowed, for just this run of a command: the decision. Raises FORBIDDEN."""


@dataclass(frozen=True, slots=True)
class Control:
    """The parts. What is None the gateway does not have; its methods are not there then."""

    settings: Callable[[], Settings]
    clock: Clock
    randomness: Randomness
    admission: Admission
    pairing: Pairing
    presence: Presence
    health: Health
    health_report: Callable[[], HealthReport]
    news: News
    configuration: ConfigurationEditor
    statistics: Statistics
    catalogue: Callable[[], Catalogue]
    accounts: Pool
    log_tail: LogTail
    nodes: Nodes
    tasks: TaskBoard
    notifications: Notifications
    update_orders: UpdateOrders
    asking: NodeAsking
    pending: PendingWork
    wake_words: WakeWords
    owners_language: OwnersLanguage
    process: str
    version: str
    config_path: str
    state_directory: str
    started_at: float
    system_events: SystemEvents | None = None
    heartbeats: HeartbeatSwitch | None = None
    approvals: ExecApprovals | None = None
    approval_file: ApprovalFile | None = None
    agents: AgentSide | None = None
    backup_orders: BackupOrders | None = None
    plugins: PluginAdministration | None = None
    speech: Speech | None = None
    healing: Healing | None = None
