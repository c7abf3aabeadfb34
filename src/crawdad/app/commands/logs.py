"""`crawdad logs`: the exchanges that were answered, and what the supervisor did."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crawdad.app import exits
from crawdad.app.commands import backends
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import Invocation
from crawdad.app.output import Block, Table, Toned, moment
from crawdad.app.record import SUPERVISOR_LOG, read_events
from crawdad.app.words import words

if TYPE_CHECKING:
    from crawdad.core.exchange import Exchange

app = application("logs")
_POLL_SECONDS = 0.5
_SUPERVISOR_BYTES = 4_000_000
_COLUMNS = ("id", "time", "key", "model", "provider", "status", "first", "duration", "tokens", "note")


class Form(StrEnum):
    """The forms of an exported log."""

    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"


@command(app, "cli.logs")
def logs(  # noqa: PLR0913  # these are the options of a command
    context: typer.Context,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, max=10_000, help=words("cli.logs.lines"))] = 20,
    model: Annotated[str | None, typer.Option(help=words("cli.logs.model"))] = None,
    failed: Annotated[bool, typer.Option("--failed", help=words("cli.logs.failed"))] = False,
    errors: Annotated[bool, typer.Option("--errors", help=words("cli.logs.errors"))] = False,
    follow: Annotated[bool, typer.Option("--follow", "-f", help=words("cli.logs.follow"))] = False,
    bodies: Annotated[str | None, typer.Option("--bodies", metavar="ID", help=words("cli.logs.bodies"))] = None,
    export: Annotated[Form | None, typer.Option("--export", help=words("cli.logs.export"))] = None,
    supervisor: Annotated[bool, typer.Option("--supervisor", help=words("cli.logs.supervisor"))] = False,
) -> int:
    invocation: Invocation = context.obj
    wanted = backends.LogOrder(model, failed, errors)
    if supervisor:
        return _show_supervisor(invocation, lines)
    if bodies is not None:
        asyncio.run(_show_bodies(invocation, bodies))
    elif export is not None:
        asyncio.run(_export(invocation, wanted, export))
    else:
        asyncio.run(_show_exchanges(invocation, lines, wanted, follow))
    return exits.OK


async def _show_bodies(invocation: Invocation, exchange_id: str) -> None:
    async with backends.open_exchange_log(invocation.launch) as log:
        found = await log.bodies(exchange_id)
    document: dict[str, Any] = {"id": exchange_id}
    blocks: list[Block] = []
    for name, body in (("request", found.request), ("response", found.response)):
        document |= {name: body and body.text, f"{name}_truncated": bool(body and body.truncated)}
        title = words(f"cli.logs.{name}_cut" if body and body.truncated else f"cli.logs.{name}")
        blocks += (Toned(title, "bold"), words("cli.logs.no_body") if body is None else body.text)
    invocation.output.show(document, *blocks)


async def _export(invocation: Invocation, wanted: backends.LogOrder, form: Form) -> None:
    """Goes to standard output as it is, for a file or another program."""
    async with backends.open_exchange_log(invocation.launch) as log:
        async for piece in log.export(wanted, form.value):
            sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def _show_supervisor(invocation: Invocation, lines: int) -> int:
    events = read_events(invocation.launch.logs / SUPERVISOR_LOG, _SUPERVISOR_BYTES)[-lines:]
    blocks = (f"{each.get('at', '')}  {each.get('event', '')}  {_facts(each)}" for each in events)
    invocation.output.show({"events": events}, *blocks)
    return exits.OK


def _facts(event: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in event.items() if name not in ("at", "event"))


async def _show_exchanges(invocation: Invocation, lines: int, wanted: backends.LogOrder, follow: bool) -> None:
    async with backends.open_exchange_log(invocation.launch) as log:
        number = await log.newest() if follow else 0
        found = await log.recent(lines, wanted)
        if not follow:
            document = {"exchanges": [asdict(each) for each in found]}
            titles = [words(f"cli.logs.column.{column}") for column in _COLUMNS]
            invocation.output.show(document, Table(titles, [_row(each) for each in found]))
            return
        seen = {each.id for each in found}
        while True:
            for each in found:
                invocation.output.line(asdict(each), "  ".join(map(_text, _row(each))))
            added = await log.following(number, wanted)
            number = added[-1][0] if added else number
            found = [each for _, each in added if each.id not in seen]  # what came while the first were read is in both
            if not added:
                await asyncio.sleep(_POLL_SECONDS)


def _row(exchange: Exchange) -> tuple[str | Toned, ...]:
    usage = exchange.usage
    good = exchange.outcome == "completed"
    return (
        exchange.id,
        moment(exchange.started_at),
        exchange.principal_name or exchange.principal_id,
        exchange.model_resolved or exchange.model_requested,
        exchange.provider,
        Toned(str(exchange.status), "green" if good else "red"),
        _seconds(exchange.first_byte_seconds),
        _seconds(exchange.duration_seconds),
        f"{usage.input_tokens or 0}+{usage.output_tokens or 0}",
        exchange.error_message or "; ".join(exchange.notes),
    )


def _text(cell: str | Toned) -> str:
    return cell.text if isinstance(cell, Toned) else cell


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
