"""`crawdad skills` for another gateway."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from crawdad.app import exits
from crawdad.app.commands.gateway_channel import open_channel
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import Invocation
from crawdad.app.output import Table, Toned
from crawdad.app.words import words

app = application("skills", no_args_is_help=True)
app.callback()(lambda: None)  # without it the only command would take the noun's place


@command(app, "cli.skills.list", "list")
def list_skills(
    context: typer.Context,
    agent: Annotated[str | None, typer.Option(metavar="ID", help=words("cli.agents.agent"))] = None,
) -> int:
    invocation: Invocation = context.obj
    with open_channel(invocation) as channel:
        told = channel.call("skills.status", {"agentId": agent} if agent else {})
    rows = [(each["name"], each["source"], _state(each), each["description"]) for each in told["skills"]]
    table = Table([words(f"cli.skills.column.{name}") for name in ("name", "source", "state", "description")], rows)
    invocation.output.show(told, table if rows else words("cli.skills.none"))
    return exits.OK


def _state(skill: dict[str, Any]) -> Toned:
    if skill["eligible"]:
        return Toned(words("cli.skills.usable"), "green")
    if skill["disabled"]:
        return Toned(words("cli.remote.skill_off"), "yellow")
    missing = [str(name) for names in skill["missing"].values() for name in names]
    return Toned(words("cli.remote.skill_lacks", what=", ".join(missing)), "yellow")
