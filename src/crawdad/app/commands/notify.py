"""`crawdad notify`: who is told of what happens to the gateway, and whether it reaches them. Over the control channel."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from crawdad.app import exits
from crawdad.app.commands.gateway_channel import open_channel
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import Invocation
from crawdad.app.output import Table, Toned, clean, moment
from crawdad.app.words import words

app = application("notify", no_args_is_help=True)
_TEST_SECONDS = 60.0


@command(app, "cli.notify.list", "list")
def list_targets(context: typer.Context) -> int:
    invocation: Invocation = context.obj
    with open_channel(invocation) as channel:
        found = channel.call("notifications.targets", {})["targets"]
    columns = ("name", "kind", "to", "level", "events", "waiting", "last", "note")
    table = Table([words(f"cli.notify.column.{column}") for column in columns], [_target(one) for one in found])
    invocation.output.show({"targets": found}, table if found else words("cli.notify.none"))
    return exits.OK


@command(app, "cli.notify.history", "history")
def history(
    context: typer.Context,
    target: Annotated[str, typer.Argument(metavar="[NAME]", help=words("cli.notify.name"))] = "",
    limit: Annotated[int, typer.Option(min=1, max=200, help=words("cli.notify.limit"))] = 20,
) -> int:
    invocation: Invocation = context.obj
    with open_channel(invocation) as channel:
        found = channel.call("notifications.history", {"target": target, "limit": limit})["notifications"]
    columns = ("at", "name", "kind", "state", "text", "note")
    table = Table([words(f"cli.notify.column.{column}") for column in columns], [_told(one) for one in found])
    invocation.output.show({"notifications": found}, table)
    return exits.OK


@command(app, "cli.notify.test", "test")
def test(
    context: typer.Context, name: Annotated[str, typer.Argument(metavar="NAME", help=words("cli.notify.name"))]
) -> int:
    invocation: Invocation = context.obj
    with open_channel(invocation) as channel:
        found = channel.call("notifications.test", {"name": name}, _TEST_SECONDS)
    key = "cli.notify.arrived" if found["ok"] else "cli.notify.failed"
    line = words(key, name=name, reason=clean(str(found["error"])), receipt=clean(str(found["receipt"])) or "-")
    invocation.output.show(found, Toned(line, "green" if found["ok"] else "red"))
    return exits.OK if found["ok"] else exits.PROBLEM


def _target(one: dict[str, Any]) -> list[str]:
    last = one["last"]
    state = f"{moment(last['at'])} {words('cli.notify.state.' + last['state'])}" if last else ""
    note = one["problem"] or (last["error"] if last else "") or ("" if one["enabled"] else words("cli.notify.off"))
    events = ", ".join(one["events"])
    return [
        clean(str(cell))
        for cell in (one["name"], one["kind"], one["to"], one["level"], events, one["waiting"], state, note)
    ]


def _told(one: dict[str, Any]) -> list[str]:
    state = words("cli.notify.state." + one["state"])
    cells = (moment(one["at"]), one["target"], one["kind"], state, one["text"], one["error"])
    return [clean(str(cell)) for cell in cells]
