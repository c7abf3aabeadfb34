"""What the routes of the contract need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from crawdad.api.clawpanel.access import Access
from crawdad.api.clawpanel.admin_config_keeper import AdminConfigKeeper
from crawdad.api.speaking import Gate
from crawdad.services.activity.log import ActivityLog
from crawdad.services.activity.pushed import PushedActivity
from crawdad.services.backups.restoring import Restores
from crawdad.services.backups.service import Backups
from crawdad.services.channels.deciding import RequestDecisions
from crawdad.services.channels.figures import ChannelFigures
from crawdad.services.channels.switching import ChannelSwitch
from crawdad.services.chat_accounts.direct import DirectAccess
from crawdad.services.chat_accounts.qq_bot import QQBot
from crawdad.services.chat_accounts.qq_sign_in import QQSignIn
from crawdad.services.chat_accounts.wechat import WechatAccount
from crawdad.services.configuration.running import RunningConfiguration
from crawdad.services.lifecycle import Lifecycle
from crawdad.services.panel_files.parts import FileParts
from crawdad.services.schedule.jobs import Jobs
from crawdad.services.skills.installed import Installed
from crawdad.services.skills.registry import SkillRegistry
from crawdad.services.sudo_password import KeptSudoPassword
from crawdad.services.surroundings import SurroundingsReport
from crawdad.services.updates.orders import UpdateOrders


@dataclass(frozen=True, slots=True)
class ClawPanel:
    """The services behind the contract. `configured`: whether there is a configuration file; `uptime`: the seconds since this
    process began, whatever its inside does; `memory_bytes`: what it takes. None: there are no agents now, or never."""

    gate: Gate
    access: Access
    workspace: FileParts
    configuration: RunningConfiguration
    channel_switch: ChannelSwitch
    skill_registry: SkillRegistry
    surroundings: SurroundingsReport
    sudo_password: KeptSudoPassword
    lifecycle: Lifecycle
    jobs: Jobs
    chats: DirectAccess
    qq_sign_in: QQSignIn
    qq_bot: QQBot
    wechat: WechatAccount
    activity: ActivityLog
    pushed: PushedActivity
    figures: ChannelFigures
    configured: Callable[[], bool]
    uptime: Callable[[], float]
    memory_bytes: Callable[[], int]
    admin_config: AdminConfigKeeper
    backups: Backups
    restores: Restores
    update_orders: UpdateOrders
    requests: RequestDecisions | None = None
    skills: Installed | None = None
