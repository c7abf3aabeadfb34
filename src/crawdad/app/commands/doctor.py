"""`crawdad doctor`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crawdad.app import exits
from crawdad.app.commands.group import application, command
from crawdad.app.doctor.finding import Finding, Patient, Verdict
from crawdad.app.invocation import CommandFailed, Invocation
from crawdad.app.output import Block, Table, Toned
from crawdad.app.words import words

if TYPE_CHECKING:
    from crawdad.app.doctor.repairing import Done

app = application("doctor")
_STYLES = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "red"}


@command(app, "cli.doctor")
def doctor(
    context: typer.Context,
    offline: Annotated[bool, typer.Option("--offline", help=words("doctor.offline"))] = False,
    fix: Annotated[bool, typer.Option("--fix", help=words("doctor.fix"))] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help=words("doctor.yes"))] = False,
) -> int:
    from crawdad.app.doctor.examination import examine

    invocation: Invocation = context.obj
    findings = asyncio.run(examine(Patient(invocation.launch, offline)))
    done: list[Done] = []
    if fix:
        done = _fixed(invocation, findings, yes)
        findings = asyncio.run(examine(Patient(invocation.launch, offline))) if done else findings
    failed = sum(finding.verdict is Verdict.FAIL for finding in findings)
    document: dict[str, Any] = {
        "healthy": not failed,
        "failed": failed,
        "warned": sum(finding.verdict is Verdict.WARN for finding in findings),
        "findings": [finding.document() for finding in findings],
    }
    if fix:
        document["fixes"] = [each.document() for each in done]
    columns = (words("doctor.check"), words("doctor.verdict"), words("doctor.message"))
    table = Table(columns, [_row(finding) for finding in findings])
    warned = int(document["warned"])
    end = Toned(words("doctor.healthy"), "green")
    if failed or warned:
        key, tone = ("sick", "red") if failed else ("works", "yellow")
        end = Toned(words(f"doctor.{key}", failed=failed, warned=warned), tone)
    fixable = sum(finding.repair is not None for finding in findings)
    hint = [words("doctor.can_fix", count=fixable)] if fixable and not fix else []
    invocation.output.show(document, *_told(done), table, end, *hint)
    return exits.PROBLEM if failed or any(each.error for each in done) else exits.OK


def _fixed(invocation: Invocation, findings: Sequence[Finding], yes: bool) -> list[Done]:
    """Repair what may be: everything with `--yes`, else what the person at the terminal agrees to."""
    from crawdad.app.doctor.repairing import repaired

    fixable = [finding for finding in findings if finding.repair is not None]
    if not yes and fixable and (invocation.output.as_json or not sys.stdin.isatty()):
        raise CommandFailed(words("doctor.needs_yes"), exits.USAGE)

    def wanted(finding: Finding) -> bool:
        assert finding.repair is not None
        return yes or typer.confirm(f"{finding.message}\n{finding.repair.words}", default=False)

    return asyncio.run(repaired(fixable, invocation.launch.home, wanted))


def _told(done: Sequence[Done]) -> list[Block]:
    lines: list[Block] = []
    for each in done:
        lines += [Toned(line, "green") for line in each.done]
        lines += [words("doctor.copied", path=path) for path in each.copies]
        lines += [Toned(words("doctor.fix_failed", id=each.id, reason=each.error), "red")] if each.error else []
    return lines


def _row(finding: Finding) -> tuple[str | Toned, ...]:
    message = f"{finding.message}\n→ {finding.advice}" if finding.advice else finding.message
    return (
        words(f"doctor.{finding.check}"),
        Toned(words(f"doctor.{finding.verdict}"), _STYLES[finding.verdict]),
        message,
    )
