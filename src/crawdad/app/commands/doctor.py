"""`crawdad doctor`."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from crawdad.app import exits
from crawdad.app.commands.group import application, command
from crawdad.app.doctor.finding import Finding, Patient, Verdict
from crawdad.app.invocation import Invocation
from crawdad.app.output import Table, Toned
from crawdad.app.words import words

app = application("doctor")
_STYLES = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "red"}


@command(app, "cli.doctor")
def doctor(
    context: typer.Context,
    offline: Annotated[bool, typer.Option("--offline", help=words("doctor.offline"))] = False,
) -> int:
    from crawdad.app.doctor.examination import examine

    invocation: Invocation = context.obj
    findings = asyncio.run(examine(Patient(invocation.launch, offline)))
    failed = sum(finding.verdict is Verdict.FAIL for finding in findings)
    warned = sum(finding.verdict is Verdict.WARN for finding in findings)
    document = {
        "healthy": not failed,
        "failed": failed,
        "warned": warned,
        "findings": [finding._asdict() for finding in findings],
    }
    columns = (words("doctor.check"), words("doctor.verdict"), words("doctor.message"))
    table = Table(columns, [_row(finding) for finding in findings])
    end = Toned(words("doctor.sick", failed=failed), "red") if failed else Toned(words("doctor.healthy"), "green")
    invocation.output.show(document, table, end)
    return exits.PROBLEM if failed else exits.OK


def _row(finding: Finding) -> tuple[str | Toned, ...]:
    message = f"{finding.message}\n→ {finding.advice}" if finding.advice else finding.message
    return (
        words(f"doctor.{finding.check}"),
        Toned(words(f"doctor.{finding.verdict}"), _STYLES[finding.verdict]),
        message,
    )
