"""Checks of the installation: configuration, ports, database, keys, a restore that has not ended well."""

from __future__ import annotations

import os
import time

from crawdad.app import switching
from crawdad.app.address_holder import address_problem
from crawdad.app.commands import backends
from crawdad.app.doctor.finding import Finding, Patient, Repair, Verdict, fail, good, warn
from crawdad.app.listening import AddressError, open_port
from crawdad.app.record import read_state
from crawdad.app.words import LANGUAGE, words
from crawdad.core.errors import GatewayError
from crawdad.core.healing import RETENTION_SECONDS
from crawdad.core.tasks import rendered, words_in
from crawdad.core.text import Text


async def configuration(patient: Patient) -> list[Finding]:
    """The configuration can be read and is valid. Leaves the settings for the checks after it."""
    try:
        async with backends.open_configuration(patient.launch) as source:
            verdict = await source.validate()
            patient.settings = await source.settings() if verdict.valid else None
    except GatewayError as error:
        return [Finding("configuration", Verdict.FAIL, error.message(LANGUAGE), words("doctor.configuration_fix"))]
    findings = []
    for problem in verdict.problems:
        place = ":".join(str(part) for part in (problem.file, problem.line) if part is not None)
        text = ": ".join(part for part in (place, problem.path, problem.message.render(LANGUAGE)) if part)
        severity = Verdict.FAIL if problem.is_error else Verdict.WARN
        found = Finding("configuration", severity, text, problem.fix.render(LANGUAGE), problem.message.key)
        findings.append(found._replace(repair=_without(patient, problem)))
    if patient.launch.config_path.exists():
        return findings or [good("configuration", "configuration_ok", path=patient.launch.config_path)]
    return findings or [good("configuration", "configuration_none", path=patient.launch.config_path)]


async def ports(patient: Patient) -> list[Finding]:
    """Every port is free, or ours already."""
    if patient.settings is None:
        return []
    gateway = patient.settings.gateway
    state = read_state(patient.launch.home)
    ours = {port for _, port in state["addresses"]} if state else set()
    findings = []
    for port in dict.fromkeys((gateway.port, *gateway.extra_ports)):
        if port in ours:
            findings.append(good("port", "port_ours", port=port))
            continue
        try:
            for listener in open_port(gateway.bind, port):
                listener.close()
            findings.append(good("port", "port_free", port=port))
        except AddressError as error:
            problem, _, advice = address_problem(error).partition("\n")
            findings.append(Finding("port", Verdict.FAIL, problem, advice))
    return findings


async def keys(patient: Patient) -> list[Finding]:
    """Somebody can come in, and no key has expired unnoticed."""
    settings = patient.settings
    if settings is None or settings.gateway.auth.mode == "none" or patient.database_waits:
        return []
    try:
        if not await backends.has_database(patient.launch):
            return []  # the first start makes a token
        async with backends.open_keys(patient.launch) as stored:
            found = await stored.list()
    except GatewayError:
        return []  # the check before this one tells
    now = time.time()
    expired = [key for key in found if key.expires_at is not None and key.expires_at <= now]
    findings = [warn("keys", "key_expired", name=key.name, id=key.id) for key in expired]
    count = len(found) - len(expired) + (settings.gateway.auth.token is not None)
    return [*findings, good("keys", "keys_ok", count=count) if count else warn("keys", "keys_none")]


async def restore(patient: Patient) -> list[Finding]:
    """No restore hangs in the air, or was taken back by itself these days."""
    under_way, ended = switching.read(patient.launch.home), switching.last(patient.launch.home)
    if under_way is not None and under_way.state == "rows":
        held = switching.hold_rows(patient.launch.home)
        if held is None:
            return []  # somebody is at it
        os.close(held)
        return [fail("restore", "restore_waits")]
    if ended is None or (ended.purpose, ended.state) != ("restore", "undone"):
        return []
    reason = words_in(ended.reason)
    known = isinstance(reason, Text) and reason.key == "backups.abandoned"  # whoever asks has done that
    if known or time.time() - float(ended.detail.get("ordered") or 0) > RETENTION_SECONDS:
        return []
    return [warn("restore", "restore_undone", reason=rendered(reason, LANGUAGE))]


async def database(patient: Patient) -> list[Finding]:
    """The database opens and can be written."""
    if patient.database_waits:
        return []
    try:
        return [Finding("database", Verdict.OK, await backends.check_database(patient.launch))]
    except GatewayError as error:
        advice = words("doctor.database_fix")
        return [Finding("database", Verdict.FAIL, error.message(LANGUAGE), advice)]


def _without(patient: Patient, problem: backends.Problem) -> Repair | None:
    """Take out a key that nobody knows: it has no effect. A wrong value stays: only people know what was meant."""
    if problem.message.key != "configuration.key.unknown" or not problem.file:
        return None

    async def act() -> list[str]:
        async with backends.open_configuration(patient.launch) as source:
            written = await source.unset_value(problem.path)
        key = "doctor.did.unset" if written.written else "doctor.did.nothing"
        return [words(key, key=problem.path, path=patient.launch.config_path)]

    return Repair(words("doctor.do.unset", key=problem.path), act, (patient.launch.config_path,))
