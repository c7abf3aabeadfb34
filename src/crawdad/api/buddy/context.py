"""What the routes of the contract need."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from crawdad.api.buddy.access import Access
from crawdad.api.control.agent_parts import AgentSide
from crawdad.api.front_door import gateway_stopped
from crawdad.api.speaking import Gate
from crawdad.core.asking import AskModel
from crawdad.core.experts import ExpertTemplates
from crawdad.core.machine import ProcessFacts
from crawdad.core.memory import MemoryNotes
from crawdad.services.activity.log import ActivityLog
from crawdad.services.agents.administration import AgentAdministration
from crawdad.services.backups.restoring import Restores
from crawdad.services.backups.service import Backups
from crawdad.services.catalogue.live import LiveCatalogue
from crawdad.services.channels.switching import ChannelSwitch
from crawdad.services.chat_accounts.direct import DirectAccess
from crawdad.services.chat_accounts.weixin_sign_in import WeixinSignIn
from crawdad.services.configuration.editing import ConfigurationEditor
from crawdad.services.configuration.running import RunningConfiguration
from crawdad.services.devices.pairing import Pairing
from crawdad.services.healing.service import Healing
from crawdad.services.health import Health
from crawdad.services.identity.ended_sessions import EndedSessions
from crawdad.services.identity.tickets import Tickets
from crawdad.services.lifecycle import Lifecycle, LifecycleOrders
from crawdad.services.model_probe import ModelProbe
from crawdad.services.panel_files.parts import FileParts
from crawdad.services.plugins.administration import PluginAdministration
from crawdad.services.quick_commands import QuickCommands
from crawdad.services.schedule.jobs import Jobs
from crawdad.services.skills.registry import SkillRegistry
from crawdad.services.statistics import Statistics
from crawdad.services.surroundings import SurroundingsReport
from crawdad.services.task_board import TaskBoard
from crawdad.services.tools.approval_file import ApprovalFile
from crawdad.services.tools.approvals import ApprovalService
from crawdad.services.updates.orders import UpdateOrders
from crawdad.services.updates.service import Updates


class Inside(Protocol):
    """What the inside is made of."""

    async def told(self) -> dict[str, list[dict[str, Any]]]:
        """`plugins`, `channels` and `agents`, each a list of `{name, online, details}`."""


@dataclass(frozen=True, slots=True)
class Buddy:
    """The services behind the contract."""

    gate: Gate
    access: Access
    surroundings: SurroundingsReport
    tasks: TaskBoard
    home: Path
    configuration: RunningConfiguration
    live: LiveCatalogue
    probe: ModelProbe
    agents: AgentSide | None
    """The agents; None while the inside of the gateway is left."""
    extensions: PluginAdministration | None
    """The plugins; None while the inside of the gateway is left."""
    experts: ExpertTemplates
    administration: AgentAdministration | None
    """Making, changing and removing them."""
    activity: ActivityLog
    lifecycle: Lifecycle
    lifecycle_orders: LifecycleOrders
    health: Health
    process: ProcessFacts
    inside: Inside
    installed_at: Callable[[], Awaitable[float | None]]
    """When this installation ran first, Unix seconds."""
    started_at: float
    """Since when the inside is as it is, on the monotonic clock."""
    quick_commands: QuickCommands
    need_inside: Callable[[], None]
    """Raises UNAVAILABLE while the inside of the gateway is left."""
    chats: DirectAccess
    channel_switch: ChannelSwitch
    weixin_sign_in: WeixinSignIn
    backups: Backups
    notes: MemoryNotes
    updates: Updates
    healing: Healing
    restores: Restores
    tickets: Tickets
    ended: EndedSessions
    editor: ConfigurationEditor
    pairing: Pairing
    jobs: Jobs
    statistics: Statistics
    approvals: ApprovalService
    approval_file: ApprovalFile
    files: FileParts
    asking: AskModel
    skill_registry: SkillRegistry
    update_orders: UpdateOrders

    def side(self) -> AgentSide:
        """The agents. Raises UNAVAILABLE while there are none."""
        if self.agents is None:
            raise gateway_stopped()
        return self.agents

    def plugins(self) -> PluginAdministration:
        """The plugins. Raises UNAVAILABLE while there are none."""
        if self.extensions is None:
            raise gateway_stopped()
        return self.extensions

    def administer(self) -> AgentAdministration:
        """What changes them. Raises UNAVAILABLE while there are none."""
        if self.administration is None:
            raise gateway_stopped()
        return self.administration
