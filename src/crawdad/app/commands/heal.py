"""`crawdad heal`: what the gateway did about itself, and what it would do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from crawdad.app import exits
from crawdad.app.commands import backends
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import Invocation
from crawdad.app.output import Table, Toned, moment
from crawdad.app.words import LANGUAGE, words

if TYPE_CHECKING:
    from crawdad.app.stored_healing import StoredHealing

app = application("heal", no_args_is_help=True)
T = TypeVar("T")
_STYLES = {"healed": "green", "failed": "red", "told": "yellow", "running": "yellow"}


def _with_healing(invocation: Invocation, work: Callable[[StoredHealing], Awaitable[T]]) -> T:
    async def run() -> T:
        async with backends.open_healing(invocation.launch) as stored:
            return await work(stored)

    return asyncio.run(run())


@command(app, "cli.heal.events", "events")
def events(
    context: typer.Context, limit: Annotated[int, typer.Option(min=1, max=500, help=words("cli.heal.limit"))] = 20
) -> int:
    from crawdad.core.healing import event_fields
    from crawdad.services.healing.reports import cause_words

    invocation: Invocation = context.obj
    found = _with_healing(invocation, lambda stored: stored.newest(limit))
    rows = [
        (
            *(moment(event.at), cause_words(event, LANGUAGE), words(f"healing.remedy.{event.remedy}")),
            *(Toned(words(f"healing.status.{event.status}"), _STYLES[event.status]), event.report),
        )
        for event in found
    ]
    table = Table(
        [words(f"cli.heal.column.{column}") for column in ("at", "cause", "remedy", "result", "report")], rows
    )
    shown: Any = table if rows else words("cli.heal.nothing")
    invocation.output.show({"events": [event_fields(event, LANGUAGE) for event in found]}, shown)
    return exits.OK


@command(app, "cli.heal.report", "report")
def report(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="[REPORT]", help=words("cli.heal.report_name"))] = "",
) -> int:
    invocation: Invocation = context.obj

    async def read(stored: StoredHealing) -> tuple[str, str]:
        wanted = name or next((report.name for report in await stored.folder.reports()), "")
        return wanted, await stored.folder.read_report(wanted)

    found, text = _with_healing(invocation, read)
    invocation.output.show({"name": found, "content": text}, text.rstrip("\n"))
    return exits.OK


@command(app, "cli.heal.policy", "policy")
def policy(context: typer.Context) -> int:
    from crawdad.services.healing.policy import BEFORE_A_START, WHILE_RUNNING, policy_fields

    invocation: Invocation = context.obj
    rows = []
    for when, rules in (("running", WHILE_RUNNING), ("start", BEFORE_A_START)):
        for cause, rule in rules.items():
            ladder = " → ".join(words(f"healing.remedy.{step.remedy}") for step in rule.ladder)
            rows.append(
                (words(f"cli.heal.when.{when}"), words(f"healing.cause.{cause}"), f"{rule.bad_seconds:g} s", ladder)
            )
    table = Table([words(f"cli.heal.column.{column}") for column in ("when", "cause", "after", "ladder")], rows)
    invocation.output.show(policy_fields(), table)
    return exits.OK
