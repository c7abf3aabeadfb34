"""`crawdad channels`: the channels of the running server, and how they are."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from crawdad.app import exits
from crawdad.app.commands.gateway_channel import open_channel
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import Invocation
from crawdad.app.output import Table, Toned
from crawdad.app.words import words

app = application("channels", no_args_is_help=True)


@command(app, "cli.channels.list", "list")
def list_channels(context: typer.Context) -> int:
    return _show(context.obj, probe=False)


@command(app, "cli.channels.status", "status")
def status(
    context: typer.Context, probe: Annotated[bool, typer.Option("--probe", help=words("cli.channels.probe"))] = False
) -> int:
    return _show(context.obj, probe)


def _show(invocation: Invocation, probe: bool) -> int:
    with open_channel(invocation) as channel:
        told = channel.call("channels.status", {"probe": probe})
    rows = [
        _row(told, name, account)
        for name in told["channelOrder"]
        for account in told["channelAccounts"].get(name) or [{}]
    ]
    table = Table([words(f"cli.channels.column.{name}") for name in ("channel", "account", "state", "error")], rows)
    invocation.output.show(told, table if rows else words("cli.channels.none"))
    return exits.OK


def _row(told: dict[str, Any], name: str, account: dict[str, Any]) -> tuple[str | Toned, ...]:
    label = told.get("channelLabels", {}).get(name, name)
    if account.get("running") or account.get("connected"):
        state = Toned(words("cli.channels.running"), "green")
    elif account.get("configured"):
        state = Toned(words("cli.channels.stopped"), "yellow")
    else:
        state = Toned(words("cli.channels.not_set_up"), "dim")
    return label, str(account.get("accountId") or ""), state, str(account.get("lastError") or "")
