"""The order of the checks, and running them."""

from __future__ import annotations

from crawdad.app.doctor import files, installation, machine, programs, running, sqlite, upstream
from crawdad.app.doctor.finding import Check, Finding, Patient

CHECKS: tuple[Check, ...] = (
    machine.python,
    machine.home,
    machine.logs,
    machine.disk,
    machine.files,
    files.secrets,
    files.folders,
    files.leftovers,
    installation.configuration,
    programs.programs,
    programs.tokens,
    running.orphans,
    running.service,
    installation.ports,
    sqlite.schema,
    sqlite.integrity,
    sqlite.write_ahead_log,
    installation.database,
    installation.restore,
    installation.keys,
    upstream.providers,
    upstream.prices,
    upstream.clock,
)


async def examine(patient: Patient) -> list[Finding]:
    """Every finding, in the order of the checks."""
    return [finding for check in CHECKS for finding in await check(patient)]
