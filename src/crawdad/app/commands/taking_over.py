"""`crawdad import`: moving in from another program."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crawdad.app import exits
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import CommandFailed, Invocation
from crawdad.app.output import Table, clean
from crawdad.app.words import LANGUAGE, words

if TYPE_CHECKING:
    from crawdad.adapters.openclaw_folder import OpenClawFolder
    from crawdad.services.moving.report import Report, Step

app = application("import", no_args_is_help=True)
app.callback()(lambda: None)  # without it the only command would take the noun's place
_MARKS = {"brought": "+", "there": "=", "left": "-", "failed": "!"}
_OUTCOMES = ("brought", "there", "left", "failed")


@command(app, "cli.import.openclaw", "openclaw")
def openclaw(
    context: typer.Context,
    folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", help=words("cli.import.folder"))] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=words("cli.import.dry_run"))] = False,
    credentials: Annotated[
        bool | None, typer.Option("--credentials/--no-credentials", help=words("cli.import.credentials"))
    ] = None,
) -> int:
    from crawdad.app.moving.move import Move, Wanted
    from crawdad.services.moving.report import Report

    invocation: Invocation = context.obj
    source = _folder(invocation, folder)
    if credentials is None:
        credentials = _agreed(invocation, source)
    report = Report(_told if not invocation.output.as_json else lambda _: None)
    asyncio.run(Move(source, invocation.launch, Wanted(credentials, dry_run), report).run())
    document = {
        "directory": str(source.root),
        "dryRun": dry_run,
        "credentials": credentials,
        "steps": [step.document(LANGUAGE) for step in report.steps],
        "counts": report.counts(),
    }
    invocation.output.show(document, "", _summary(report), words("cli.import.dry" if dry_run else "cli.import.done"))
    return exits.PROBLEM if report.failed else exits.OK


def _folder(invocation: Invocation, named: Path | None) -> OpenClawFolder:
    from crawdad.adapters.openclaw_folder import OpenClawFolder

    if named is not None:
        place = named.expanduser().absolute()
        if not place.is_dir():
            raise CommandFailed(words("cli.import.no_folder", folder=place), exits.PROBLEM)
        found: OpenClawFolder | None = OpenClawFolder(place)
    else:
        found = OpenClawFolder.found(invocation.launch.environment, Path.home())
    if found is None:
        raise CommandFailed(words("cli.import.nothing"), exits.PROBLEM)
    if found.root.resolve() == invocation.launch.home.resolve():
        raise CommandFailed(words("cli.import.itself", folder=found.root), exits.PROBLEM)
    return found


def _agreed(invocation: Invocation, source: OpenClawFolder) -> bool:
    """Whether credentials may come along; where nobody can be asked they do not."""
    if invocation.output.as_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    return typer.confirm(words("cli.import.may_credentials", folder=source.root), default=False)


def _told(step: Step) -> None:
    note = f"  ({step.told(LANGUAGE)})" if step.note is not None else ""
    print(clean(f"{_MARKS[step.outcome]} {words(f'cli.import.kind.{step.kind}')}  {step.name}{note}"), flush=True)


def _summary(report: Report) -> Table:
    counts = report.counts()
    rows = [
        (words(f"cli.import.kind.{kind}"), *(str(counted.get(outcome, 0)) for outcome in _OUTCOMES))
        for kind, counted in counts.items()
    ]
    return Table(["", *(words(f"cli.import.{outcome}") for outcome in _OUTCOMES)], rows)
