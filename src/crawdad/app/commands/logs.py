"""`crawdad logs`: the exchanges that were answered, and what the supervisor did."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crawdad.app import exits
from crawdad.app.commands import backends
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import Invocation
from crawdad.app.output import Table, Toned, moment
from crawdad.app.words import words

if TYPE_CHECKING:
    from crawdad.core.exchange import Exchange

app = application("logs")
_POLL_SECONDS = 1.0
_LOOK_BACK_SECONDS = 600.0
_MOST_FOLLOWED = 1000
_COLUMNS = ("time", "key", "model", "provider", "status", "first", "duration", "tokens", "note")


@command(app, "cli.logs")
def logs(
    context: typer.Context,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, max=10_000, help=words("cli.logs.lines"))] = 20,
    model: Annotated[str | None, typer.Option(help=words("cli.logs.model"))] = None,
    failed: Annotated[bool, typer.Option("--failed", help=words("cli.logs.failed"))] = False,
    follow: Annotated[bool, typer.Option("--follow", "-f", help=words("cli.logs.follow"))] = False,
    supervisor: Annotated[bool, typer.Option("--supervisor", help=words("cli.logs.supervisor"))] = False,
) -> int:
    invocation: Invocation = context.obj
    if supervisor:
        return _show_supervisor(invocation, lines)
    asyncio.run(_show_exchanges(invocation, lines, model, failed, follow))
    return exits.OK


def _show_supervisor(invocation: Invocation, lines: int) -> int:
    events = list(_last_events(invocation.launch.logs / "supervisor.jsonl", lines))
    blocks = (f"{each.get('at', '')}  {each.get('event', '')}  {_facts(each)}" for each in events)
    invocation.output.show({"events": events}, *blocks)
    return exits.OK


def _last_events(path: Path, count: int) -> Iterator[dict[str, Any]]:
    lines: list[str] = []
    for file in (path.with_name(path.name + ".1"), path):
        lines += file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    for line in lines[-count:]:
        try:
            event = json.loads(line)
        except ValueError:  # cut by a full disk
            continue
        if isinstance(event, dict):
            yield event


def _facts(event: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in event.items() if name not in ("at", "event"))


async def _show_exchanges(invocation: Invocation, lines: int, model: str | None, failed: bool, follow: bool) -> None:
    async with backends.open_exchange_log(invocation.launch) as log:
        found = await log.recent(lines, model=model, failed=failed, since=None)
        if not follow:
            document = {"exchanges": [asdict(each) for each in found]}
            titles = [words(f"cli.logs.column.{column}") for column in _COLUMNS]
            invocation.output.show(document, Table(titles, [_row(each) for each in found]))
            return
        seen: set[str] = set()
        since = time.time()
        while True:
            for each in found:
                if each.id not in seen:
                    invocation.output.line(asdict(each), "  ".join(map(_text, _row(each))))
                    since = max(since, each.started_at)
            seen = {each.id for each in found}
            await asyncio.sleep(_POLL_SECONDS)
            # An exchange is logged when it ends: a long one comes after younger ones, so look back a while.
            found = await log.recent(_MOST_FOLLOWED, model=model, failed=failed, since=since - _LOOK_BACK_SECONDS)


def _row(exchange: Exchange) -> tuple[str | Toned, ...]:
    usage = exchange.usage
    good = exchange.outcome == "completed"
    return (
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
