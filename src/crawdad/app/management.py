"""The management contracts, hung into the table of routes; made when first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import crawdad
from crawdad.adapters.page_assets import LocalPageAssets
from crawdad.api.buddy.errors import write_error as write_buddy_error
from crawdad.api.buddy.paths import CHAT as BUDDY_CHAT
from crawdad.api.buddy.paths import OWNED as BUDDY_OWNED
from crawdad.api.buddy.paths import UPLOADS as BUDDY_UPLOADS
from crawdad.api.call import Receive, Scope, Send
from crawdad.api.clawpanel.errors import write_error as write_clawpanel_error
from crawdad.api.clawpanel.paths import OWNED, UPLOAD
from crawdad.api.console.pages import PREFIX as CONSOLE_PREFIX
from crawdad.api.console.pages import ConsolePages
from crawdad.api.front_door import gateway_stopped
from crawdad.api.guide.errors import error_writer
from crawdad.api.guide.versioned import REST_PREFIX, versioned
from crawdad.api.management.mount import Application, LazyApplication, Mount
from crawdad.api.opsclaw.errors import write_error
from crawdad.api.speaking import Gate
from crawdad.app.doors import AgentParts
from crawdad.app.operations import Operations
from crawdad.app.panel_side import PanelSide
from crawdad.app.sessions import RestParts
from crawdad.core.ports import Bus, Transport
from crawdad.core.settings import GatewaySettings
from crawdad.services.accounts.oauth.sign_ins import SignIns
from crawdad.services.accounts.services import AccountServices
from crawdad.services.catalogue.live import LiveCatalogue
from crawdad.services.channels.figures import ChannelFigures
from crawdad.services.configuration.running import RunningConfiguration
from crawdad.services.healing.service import Healing
from crawdad.services.health import Health
from crawdad.services.identity.keys import Keys
from crawdad.services.lifecycle import Lifecycle
from crawdad.services.logs import Logs
from crawdad.services.mcp.desk import McpDesk
from crawdad.services.notifications import Notifications
from crawdad.services.panel_files.parts import FileParts
from crawdad.services.panel_values import PanelValues
from crawdad.services.schedule.jobs import Jobs
from crawdad.services.statistics import Statistics
from crawdad.services.sudo_password import KeptSudoPassword
from crawdad.services.surroundings import SurroundingsReport
from crawdad.services.tools.approvals import ApprovalService
from crawdad.services.tunnel import Tunnel
from crawdad.store.key_values import KeyValues

CONSOLE_FOLDER = Path(crawdad.__file__).parent / "bundled" / "console"
"""Where the build of the web console puts its files."""


@dataclass(frozen=True, slots=True)
class Managed:
    """What the management contracts administer."""

    gate: Gate
    accounts: AccountServices
    sign_ins: SignIns
    logs: Logs
    statistics: Statistics
    live: LiveCatalogue
    configuration: RunningConfiguration
    panel: PanelValues
    keys: Keys
    tunnel: Tunnel
    transport: Transport
    home: Path
    environment: Mapping[str, str]
    approvals: ApprovalService
    operations: Operations
    panel_side: PanelSide
    figures: ChannelFigures
    panel_files: FileParts
    key_values: KeyValues
    bus: Bus
    sudo_password: KeptSudoPassword
    lifecycle: Lifecycle
    surroundings: SurroundingsReport
    health: Health
    healing: Healing
    jobs: Jobs
    """The jobs, whether or not anybody does them at the moment."""
    notifications: Notifications
    mcp: McpDesk | None = None
    """The servers of other tools, where there are agents to use them."""
    rest: RestParts | None = None
    """The REST interface, where there are agents to talk to."""
    cron: Jobs | None = None
    """The jobs, where there are agents to do them."""
    agents: AgentParts | None = None
    """The agents, where there are any."""


def management_mounts(managed: Managed, *, stopped: bool = False) -> tuple[Mount, ...]:
    """Every contract's place in the table. `stopped`: the inside is left, and what talks to agents says so."""

    def make() -> Application:
        from crawdad.adapters.files.home import LocalHomeFiles
        from crawdad.api.buddy.contract import buddy_contract
        from crawdad.api.clawpanel.contract import clawpanel_contract
        from crawdad.api.console.context import Console, PageParts
        from crawdad.api.console.contract import console_contract
        from crawdad.api.management.application import make_application
        from crawdad.api.opsclaw.app_config_keeper import AppConfigKeeper
        from crawdad.api.opsclaw.context import OpsClaw
        from crawdad.api.opsclaw.contract import opsclaw_contract
        from crawdad.app.buddy import buddy_in
        from crawdad.app.clawpanel import clawpanel_in
        from crawdad.app.cli_tools import cli_sync_in
        from crawdad.services.cli_sync.keys import ToolKeys
        from crawdad.services.exports import Exports
        from crawdad.services.remote_models import RemoteModels

        gate = managed.gate

        def active_accounts() -> int:
            snapshot, providers = managed.accounts.pool.snapshot, managed.live.current.providers
            own = sum(not provider.local and name not in snapshot.by_provider for name, provider in providers.items())
            return own + sum(account.usable for account in snapshot.accounts.values())

        context = OpsClaw(
            gate=gate,
            accounts=managed.accounts,
            sign_ins=managed.sign_ins,
            logs=managed.logs,
            statistics=managed.statistics,
            updates=managed.operations.updates,
            config=AppConfigKeeper(
                managed.configuration, managed.panel, gate.switch, gate.front.catalogue, active_accounts
            ),
            active_accounts=active_accounts,
            cli_sync=cli_sync_in(managed.environment),
            tool_keys=ToolKeys(managed.keys, managed.panel),
            tunnel=managed.tunnel,
            panel=managed.panel,
            exports=Exports(LocalHomeFiles(str(managed.home / "exports"))),
            remote_models=RemoteModels(managed.transport, gate.settings),
            data_directory=str(managed.home),
        )
        side = managed.panel_side
        pages = PageParts(side.tokens, side.ended, side.activity)
        board, notifications = managed.operations.tasks, managed.notifications
        parts = managed.keys, managed.approvals, board, notifications, pages, lambda: managed.health.report
        console = Console(gate, *parts, managed.mcp)
        for_buddy = buddy_in(managed, started_at, stopped=stopped)
        one_sign_in = for_buddy.weixin_sign_in  # whoever shows its code
        panel = clawpanel_contract(clawpanel_in(managed, one_sign_in))
        contracts = [console_contract(console), panel, buddy_contract(for_buddy), opsclaw_contract(context)]
        rest = managed.rest
        if managed.cron is not None:
            from crawdad.api.guide.cron import Cron, cron_contract

            admit = rest.conversations.limits.enter if rest is not None else None
            contracts.insert(0, cron_contract(Cron(gate, managed.cron, admit)))
        if rest is not None:
            from crawdad.api.guide.context import Guide
            from crawdad.api.guide.contract import guide_contract

            guide = Guide(gate, rest.conversations, rest.copies, rest.tasks, rest.queue_depth, started_at)
            contracts.insert(0, guide_contract(guide))
        return make_application(contracts)

    started_at = managed.gate.clock.monotonic()
    application = LazyApplication(make)
    mounts = (
        Mount(UPLOAD, application, write_clawpanel_error, _most_of_uploads),
        *(Mount(prefix, application, write_clawpanel_error) for prefix in OWNED),
        Mount(BUDDY_CHAT, application, write_buddy_error, _most_of_chat),
        *(Mount(prefix, application, write_buddy_error, _most_of_uploads) for prefix in BUDDY_UPLOADS),
        *(Mount(prefix, application, write_buddy_error) for prefix in BUDDY_OWNED),
        *(Mount(prefix, application, write_error) for prefix in ("/api/", "/auth/callback")),
    )
    pages = ConsolePages(LocalPageAssets(CONSOLE_FOLDER), managed.gate.randomness)
    mounts = (*mounts, Mount(CONSOLE_PREFIX, pages, write_error))
    if stopped:
        return (Mount(REST_PREFIX, _stopped, error_writer(managed.gate.clock)), *mounts)
    if managed.rest is None and managed.cron is None:
        return mounts
    return (Mount(REST_PREFIX, versioned(application), error_writer(managed.gate.clock)), *mounts)


def _most_of_chat(settings: GatewaySettings) -> int:
    return settings.http.endpoints.chat_completions.max_body_bytes or settings.max_body_bytes


def _most_of_uploads(settings: GatewaySettings) -> int:
    return settings.uploads.most_bytes


async def _stopped(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise gateway_stopped()
