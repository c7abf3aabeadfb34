"""The management contracts, hung into the table of routes; made when first asked for."""

from __future__ import annotations

from crawdad.api.management.mount import Application, LazyApplication, Mount
from crawdad.api.opsclaw.errors import write_error
from crawdad.api.speaking import Gate
from crawdad.services.identity.keys import Keys


def management_mounts(gate: Gate, keys: Keys) -> tuple[Mount, ...]:
    """Every contract's place in the table."""

    def make() -> Application:
        from crawdad.api.console.context import Console
        from crawdad.api.console.contract import console_contract
        from crawdad.api.management.application import make_application
        from crawdad.api.opsclaw.context import OpsClaw
        from crawdad.api.opsclaw.contract import opsclaw_contract

        return make_application([console_contract(Console(gate, keys)), opsclaw_contract(OpsClaw(gate))])

    application = LazyApplication(make)
    return tuple(Mount(prefix, application, write_error) for prefix in ("/api/", "/auth/callback"))
