"""What the routes of the contract need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from crawdad.api.management.access import Guard, guard
from crawdad.api.opsclaw.app_config_keeper import AppConfigKeeper
from crawdad.api.speaking import Gate
from crawdad.core.identity import Permission
from crawdad.services.accounts.oauth.sign_ins import SignIns
from crawdad.services.accounts.services import AccountServices
from crawdad.services.cli_sync.keys import ToolKeys
from crawdad.services.cli_sync.service import CliSync
from crawdad.services.exports import Exports
from crawdad.services.logs import Logs
from crawdad.services.panel_values import PanelValues
from crawdad.services.remote_models import RemoteModels
from crawdad.services.statistics import Statistics
from crawdad.services.tunnel import Tunnel
from crawdad.services.updates.service import Updates


@dataclass(frozen=True, slots=True)
class OpsClaw:
    """The services behind the contract."""

    gate: Gate
    accounts: AccountServices
    config: AppConfigKeeper
    active_accounts: Callable[[], int]
    cli_sync: CliSync
    tool_keys: ToolKeys
    tunnel: Tunnel
    panel: PanelValues
    exports: Exports
    remote_models: RemoteModels
    data_directory: str
    sign_ins: SignIns
    logs: Logs
    statistics: Statistics
    updates: Updates

    def need(self, *permissions: Permission) -> Guard:
        """A dependency: who asks, holding at least one of `permissions`."""
        return guard(self.gate.door, *permissions)
