"""The order of the checks, and running them."""

from __future__ import annotations

from crawdad.app.doctor import installation, machine, upstream
from crawdad.app.doctor.finding import Check, Finding, Patient

CHECKS: tuple[Check, ...] = (
    machine.python,
    machine.home,
    machine.logs,
    machine.disk,
    machine.files,
    installation.configuration,
    installation.ports,
    installation.database,
    installation.keys,
    upstream.providers,
    upstream.prices,
    upstream.clock,
)


async def examine(patient: Patient) -> list[Finding]:
    """Every finding, in the order of the checks."""
    return [finding for check in CHECKS for finding in await check(patient)]
