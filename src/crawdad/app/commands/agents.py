"""`crawdad agents`: the agents of this installation, and a turn with one of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crawdad.app import exits
from crawdad.app.commands import backends
from crawdad.app.commands.agents_run import take_turn
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import CommandFailed, Invocation
from crawdad.app.output import Table, Toned
from crawdad.app.words import LANGUAGE, words

if TYPE_CHECKING:
    from crawdad.services.agents.roster import Agent, Roster

app = application("agents", no_args_is_help=True)

Which = Annotated[str, typer.Argument(metavar="ID", help=words("cli.agents.id"))]
_COLUMNS = ("id", "name", "default", "model", "workspace")


@command(app, "cli.agents.list", "list")
def list_agents(context: typer.Context) -> int:
    roster = _roster(context.obj)
    rows = [
        (agent.id, agent.name, words("cli.status.yes") if agent.is_default else "", _model(agent), str(agent.workspace))
        for agent in roster.agents.values()
    ]
    table = Table([words(f"cli.agents.column.{name}") for name in _COLUMNS], rows)
    context.obj.output.show({"agents": [_document(agent) for agent in roster.agents.values()]}, table)
    return exits.OK


@command(app, "cli.agents.show", "show")
def show(context: typer.Context, agent: Which) -> int:
    found = _roster(context.obj).get(agent)
    told = _document(found)
    rows = [
        (words("cli.agents.column.id"), found.id),
        (words("cli.agents.column.name"), f"{found.emoji} {found.name}".strip()),
        (words("cli.agents.column.default"), words("cli.status.yes" if found.is_default else "cli.status.no")),
        (words("cli.agents.column.model"), _model(found)),
        (words("cli.agents.column.fallbacks"), ", ".join(found.fallbacks)),
        (words("cli.agents.column.workspace"), str(found.workspace)),
        (words("cli.agents.column.subagents"), ", ".join(found.subagents.allow_agents)),
    ]
    context.obj.output.show(told, Table((words("cli.status.what"), words("cli.status.state")), rows))
    return exits.OK


@command(app, "cli.agents.add", "add")
def add(
    context: typer.Context,
    agent: Which,
    name: Annotated[str | None, typer.Option(help=words("cli.agents.name"))] = None,
    model: Annotated[str | None, typer.Option(help=words("cli.agents.model"))] = None,
    workspace: Annotated[str | None, typer.Option(metavar="DIR", help=words("cli.agents.workspace"))] = None,
) -> int:
    from crawdad.services.configuration.agent_list import with_agent

    given = {"name": name, "model": model, "workspace": workspace}
    entry: dict[str, Any] = {"id": agent, **{key: value for key, value in given.items() if value}}
    _edit(context.obj, lambda text: with_agent(text, entry))
    context.obj.output.show({"agent": entry}, Toned(words("cli.agents.added", agent=agent), "green"))
    return exits.OK


@command(app, "cli.agents.remove", "remove")
def remove(context: typer.Context, agent: Which) -> int:
    from crawdad.services.configuration.agent_list import without_agent

    _edit(context.obj, lambda text: without_agent(text, agent))
    context.obj.output.show({"agent": agent, "removed": True}, Toned(words("cli.agents.removed", agent=agent), "green"))
    return exits.OK


@command(app, "cli.agents.run", "run")
def run(
    context: typer.Context,
    message: Annotated[str, typer.Argument(metavar="MESSAGE", help=words("cli.agents.message"))],
    agent: Annotated[str | None, typer.Option(metavar="ID", help=words("cli.agents.agent"))] = None,
    session: Annotated[str, typer.Option(metavar="KEY", help=words("cli.agents.session"))] = "main",
    model: Annotated[str | None, typer.Option(help=words("cli.agents.model"))] = None,
    url: Annotated[str | None, typer.Option(help=words("cli.option.url"))] = None,
) -> int:
    return take_turn(context.obj, message, agent, session, model, url)


def _roster(invocation: Invocation) -> Roster:
    from crawdad.services.agents.roster import build_roster

    return build_roster(asyncio.run(backends.settings(invocation.launch)), invocation.launch.home)


def _edit(invocation: Invocation, change: Callable[[str], str]) -> None:
    async def write() -> backends.Written:
        async with backends.open_configuration(invocation.launch) as configuration:
            return await configuration.edit(change)

    written = asyncio.run(write())
    if written.refused:
        told = [problem.message.render(LANGUAGE) for problem in written.problems if problem.is_error]
        raise CommandFailed("; ".join([words("cli.config.refused"), *told]), exits.CONFIGURATION)


def _model(agent: Agent) -> str:
    return agent.model or words("cli.agents.any_model")


def _document(agent: Agent) -> dict[str, Any]:
    return {
        "id": agent.id,
        "name": agent.name,
        "default": agent.is_default,
        "model": agent.model,
        "fallbacks": list(agent.fallbacks),
        "workspace": str(agent.workspace),
        "emoji": agent.emoji,
        "subagents": list(agent.subagents.allow_agents),
    }
