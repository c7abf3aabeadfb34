"""The management contracts, hung into the table of routes; made when first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from crawdad.api.guide.errors import error_writer
from crawdad.api.guide.versioned import REST_PREFIX, versioned
from crawdad.api.management.mount import Application, LazyApplication, Mount
from crawdad.api.opsclaw.errors import write_error
from crawdad.api.speaking import Gate
from crawdad.app.sessions import RestParts
from crawdad.core.ports import Transport
from crawdad.services.accounts.oauth.sign_ins import SignIns
from crawdad.services.accounts.services import AccountServices
from crawdad.services.catalogue.live import LiveCatalogue
from crawdad.services.configuration.running import RunningConfiguration
from crawdad.services.identity.keys import Keys
from crawdad.services.logs import Logs
from crawdad.services.panel_values import PanelValues
from crawdad.services.schedule.jobs import Jobs
from crawdad.services.statistics import Statistics
from crawdad.services.tools.approvals import ApprovalService
from crawdad.services.tunnel import Tunnel


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
    rest: RestParts | None = None
    """The REST interface, where there are agents to talk to."""
    cron: Jobs | None = None
    """The jobs, where there are agents to do them."""


def management_mounts(managed: Managed) -> tuple[Mount, ...]:
    """Every contract's place in the table."""

    def make() -> Application:
        from crawdad.adapters.files.home import LocalHomeFiles
        from crawdad.api.console.context import Console
        from crawdad.api.console.contract import console_contract
        from crawdad.api.management.application import make_application
        from crawdad.api.opsclaw.app_config_keeper import AppConfigKeeper
        from crawdad.api.opsclaw.context import OpsClaw
        from crawdad.api.opsclaw.contract import opsclaw_contract
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
        console = Console(gate, managed.keys, managed.approvals)
        contracts = [console_contract(console), opsclaw_contract(context)]
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
    mounts = tuple(Mount(prefix, application, write_error) for prefix in ("/api/", "/auth/callback"))
    if managed.rest is None and managed.cron is None:
        return mounts
    return (Mount(REST_PREFIX, versioned(application), error_writer(managed.gate.clock)), *mounts)
