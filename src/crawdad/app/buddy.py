"""OpenClaw Buddy's contract, put together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawdad.adapters.agent_files import LocalMemoryNotes
from crawdad.adapters.expert_templates import FolderExpertTemplates
from crawdad.adapters.machine import LocalProcess
from crawdad.api.buddy.access import Access
from crawdad.api.buddy.context import Buddy
from crawdad.api.front_door import gateway_stopped
from crawdad.app.bundled import channel_kinds
from crawdad.app.devices import pairing_of
from crawdad.core.agent_names import configured_agents
from crawdad.core.channels import ChannelKind
from crawdad.services.agent_tools.model_calls import ToolModelCalls
from crawdad.services.channels.switching import ChannelSwitch
from crawdad.services.chat_accounts.direct import DirectAccess
from crawdad.services.chat_accounts.weixin_sign_in import WeixinSignIn
from crawdad.services.configuration.editing import ConfigurationEditor
from crawdad.services.health.first_run import first_run
from crawdad.services.lifecycle import LifecycleOrders
from crawdad.services.model_probe import ModelProbe
from crawdad.services.quick_commands import QuickCommands
from crawdad.services.skills.registry import SkillRegistry
from crawdad.services.tools.approval_file import ApprovalFile

if TYPE_CHECKING:
    from crawdad.app.management import Managed

_TITLE_SECONDS = 60.0
_EXPERTS = Path(__file__).resolve().parents[1] / "bundled" / "experts"


def buddy_in(managed: Managed, started_at: float, *, stopped: bool = False) -> Buddy:
    """What its routes need. `started_at`: since when the inside is as it is, on the monotonic clock.
    `stopped`: the inside of the gateway is left."""
    agents, gate = managed.agents, managed.gate
    side = agents.control if agents is not None else None
    extensions = agents.extensions if agents is not None else None

    def need_inside() -> None:
        if stopped:
            raise gateway_stopped()

    world, editor = managed.panel_side.world, ConfigurationEditor(managed.configuration)
    host = managed.agents.channels if managed.agents is not None else None
    chats = DirectAccess(host)

    def kinds() -> Sequence[ChannelKind]:
        return host.kinds if host is not None else channel_kinds()

    return Buddy(
        gate=gate,
        access=Access(gate.door, managed.panel_side.tokens),
        surroundings=managed.surroundings,
        tasks=managed.operations.tasks,
        home=managed.home,
        configuration=managed.configuration,
        live=managed.live,
        probe=ModelProbe(managed.transport, gate.clock, managed.live),
        agents=side,
        experts=FolderExpertTemplates(_EXPERTS),
        administration=side.administration(editor) if side is not None else None,
        extensions=extensions.administration if extensions is not None else None,
        activity=managed.panel_side.activity,
        lifecycle=managed.lifecycle,
        lifecycle_orders=LifecycleOrders(managed.operations.tasks, managed.lifecycle),
        health=managed.health,
        process=LocalProcess(str(managed.home)),
        inside=InsideLists(managed),
        installed_at=lambda: first_run(managed.key_values),
        started_at=started_at,
        quick_commands=QuickCommands(managed.panel),
        need_inside=need_inside,
        backups=managed.operations.backups,
        notes=LocalMemoryNotes(),
        updates=managed.operations.updates,
        healing=managed.healing,
        restores=managed.operations.restores,
        tickets=managed.panel_side.tickets,
        ended=managed.panel_side.ended,
        editor=editor,
        pairing=pairing_of(world),
        jobs=managed.jobs,
        statistics=managed.statistics,
        approvals=managed.approvals,
        approval_file=ApprovalFile(managed.configuration, world.settings, managed.approvals),
        files=managed.panel_files,
        asking=ToolModelCalls(gate.front, gate.clock, gate.randomness, _TITLE_SECONDS),
        skill_registry=SkillRegistry(
            managed.transport, lambda: world.settings().skills.registry.url, managed.key_values, gate.clock
        ),
        update_orders=managed.operations.update_orders,
        chats=chats,
        channel_switch=ChannelSwitch(managed.configuration, lambda: host, kinds, managed.bus, gate.clock),
        weixin_sign_in=WeixinSignIn(chats, managed.operations.tasks, gate.clock),
    )


class InsideLists:
    """What the inside is made of, as lists of `{name, online, details}`; empty while it is stopped."""

    def __init__(self, managed: Managed) -> None:
        self._managed = managed

    async def told(self) -> dict[str, list[dict[str, Any]]]:
        """`plugins`, `channels` and `agents`."""
        gate, agents = self._managed.gate, self._managed.agents
        if agents is None:
            return {"plugins": [], "channels": [], "agents": []}
        plugins: list[dict[str, Any]] = []
        if agents.extensions is not None:
            for entry in await agents.extensions.administration.listed():
                plugins.append({"name": entry["id"], "online": entry["status"] == "loaded", "details": entry["status"]})
        channels: list[dict[str, Any]] = []
        host = agents.channels
        for kind in host.kinds if host is not None else ():
            for account in host.accounts(kind.id) if host is not None else ():
                state = host.status(account).state(gate.clock.now()) if host is not None else ""
                channels.append({"name": str(account), "online": state == "connected", "details": state})
        names = [name for name, _ in configured_agents(gate.settings().agents)]
        return {"plugins": plugins, "channels": channels, "agents": [{"name": name, "online": True} for name in names]}
