"""`crawdad agents` for another gateway."""

from __future__ import annotations

from typing import Annotated

import typer

from crawdad.app import exits
from crawdad.app.commands.gateway_channel import channel_url, open_channel
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import Invocation
from crawdad.app.output import Table
from crawdad.app.words import words

app = application("agents", no_args_is_help=True)


@command(app, "cli.agents.list", "list")
def list_agents(context: typer.Context) -> int:
    invocation: Invocation = context.obj
    with open_channel(invocation) as channel:
        told = channel.call("agents.list")
    rows = [
        (each["id"], each.get("name", ""), words("cli.status.yes") if each["id"] == told["defaultId"] else "")
        for each in told["agents"]
    ]
    table = Table([words(f"cli.agents.column.{name}") for name in ("id", "name", "default")], rows)
    invocation.output.show(told, table)
    return exits.OK


@command(app, "cli.agents.run", "run")
def run(
    context: typer.Context,
    message: Annotated[str, typer.Argument(metavar="MESSAGE", help=words("cli.agents.message"))],
    agent: Annotated[str | None, typer.Option(metavar="ID", help=words("cli.agents.agent"))] = None,
    session: Annotated[str, typer.Option(metavar="KEY", help=words("cli.agents.session"))] = "main",
    model: Annotated[str | None, typer.Option(help=words("cli.agents.model"))] = None,
) -> int:
    from crawdad.app.commands.agents_run import take_turn

    invocation: Invocation = context.obj
    return take_turn(invocation, message, agent, session, model, channel_url(invocation.url).rstrip("/"))
