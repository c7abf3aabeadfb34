"""The management contracts, hung into the table of routes; made when first asked for."""

from __future__ import annotations

from crawdad.api.management.mount import Application, LazyApplication, Mount
from crawdad.api.opsclaw.errors import write_error
from crawdad.api.speaking import Gate
from crawdad.services.accounts.oauth.sign_ins import SignIns
from crawdad.services.accounts.services import AccountServices
from crawdad.services.logs import Logs
from crawdad.services.statistics import Statistics


def management_mounts(
    gate: Gate, accounts: AccountServices, sign_ins: SignIns, logs: Logs, statistics: Statistics
) -> tuple[Mount, ...]:
    """Every contract's place in the table."""

    def make() -> Application:
        from crawdad.api.management.application import make_application
        from crawdad.api.opsclaw.context import OpsClaw
        from crawdad.api.opsclaw.contract import opsclaw_contract

        return make_application([opsclaw_contract(OpsClaw(gate, accounts, sign_ins, logs, statistics))])

    application = LazyApplication(make)
    return tuple(Mount(prefix, application, write_error) for prefix in ("/api/", "/auth/callback"))
