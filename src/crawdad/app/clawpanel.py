"""ClawPanel's contract, put together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crawdad.adapters.system import process_seconds, resident_bytes
from crawdad.api.clawpanel.admin_config_keeper import AdminConfigKeeper
from crawdad.api.clawpanel.context import ClawPanel
from crawdad.app.bundled import channel_kinds
from crawdad.core.channels import ChannelKind
from crawdad.services.channels.deciding import RequestDecisions
from crawdad.services.channels.switching import ChannelSwitch
from crawdad.services.chat_accounts.direct import DirectAccess
from crawdad.services.chat_accounts.qq_bot import QQBot
from crawdad.services.chat_accounts.qq_sign_in import QQSignIn
from crawdad.services.chat_accounts.wechat import WechatAccount
from crawdad.services.chat_accounts.weixin_sign_in import WeixinSignIn
from crawdad.services.skills.installed import Installed
from crawdad.services.skills.registry import SkillRegistry

if TYPE_CHECKING:
    from crawdad.app.management import Managed


def clawpanel_in(managed: Managed, weixin: WeixinSignIn) -> ClawPanel:
    """What its routes need."""
    gate, agents, panel = managed.gate, managed.agents, managed.panel_side
    clock, settings, operations = gate.clock, gate.settings, managed.operations
    host = agents.channels if agents is not None else None
    side = agents.control if agents is not None else None
    chats = DirectAccess(host)

    def kinds() -> Sequence[ChannelKind]:
        return host.kinds if host is not None else channel_kinds()

    installed = None
    if side is not None and agents is not None:
        plugins = agents.extensions.administration if agents.extensions is not None else None
        installed = Installed(side.skills, side.roster, lambda: settings().skills, plugins)
    return ClawPanel(
        gate=gate,
        access=panel.access,
        workspace=managed.panel_files,
        configuration=managed.configuration,
        channel_switch=ChannelSwitch(managed.configuration, lambda: host, kinds, managed.bus, clock),
        skill_registry=SkillRegistry(
            managed.transport, lambda: settings().skills.registry.url, managed.key_values, clock
        ),
        surroundings=managed.surroundings,
        sudo_password=managed.sudo_password,
        lifecycle=managed.lifecycle,
        skills=installed,
        jobs=managed.jobs,
        chats=chats,
        qq_sign_in=QQSignIn(chats, gate.clock),
        qq_bot=QQBot(chats),
        wechat=WechatAccount(chats, weixin, managed.transport, gate.clock, gate.randomness),
        activity=panel.activity,
        pushed=panel.pushed,
        figures=managed.figures,
        configured=lambda: managed.configuration.exists,
        uptime=process_seconds,
        memory_bytes=resident_bytes,
        admin_config=AdminConfigKeeper(managed.configuration, managed.panel),
        requests=RequestDecisions(host) if host is not None else None,
        backups=operations.backups,
        restores=operations.restores,
        update_orders=operations.update_orders,
    )
