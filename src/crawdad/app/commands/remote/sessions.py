"""`crawdad sessions` for another gateway."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from crawdad.app import exits
from crawdad.app.commands.gateway_channel import open_channel
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import Invocation
from crawdad.app.output import Block, Table, Toned, moment
from crawdad.app.words import words

app = application("sessions", no_args_is_help=True)
_COLUMNS = ("key", "title", "kind", "tokens", "updated", "preview")

Which = Annotated[str, typer.Argument(metavar="SESSION", help=words("cli.sessions.which"))]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=500, help=words("cli.sessions.limit"))]
Agent = Annotated[str | None, typer.Option(help=words("cli.sessions.agent"))]


@command(app, "cli.sessions.list", "list")
def list_sessions(context: typer.Context, limit: Limit = 50, agent: Agent = None) -> int:
    return _list(context.obj, {"limit": limit, **({"agentId": agent} if agent else {})})


@command(app, "cli.sessions.search", "search")
def search(
    context: typer.Context,
    text: Annotated[str, typer.Argument(metavar="TEXT", help=words("cli.sessions.text"))],
    limit: Limit = 20,
    agent: Agent = None,
) -> int:
    return _list(context.obj, {"search": text, "limit": limit, **({"agentId": agent} if agent else {})})


@command(app, "cli.sessions.show", "show")
def show(context: typer.Context, session: Which, limit: Limit = 50) -> int:
    invocation: Invocation = context.obj
    with open_channel(invocation) as channel:
        told = channel.call("chat.history", {"sessionKey": session, "limit": limit})
    blocks: list[Block] = [Toned(session, "bold")]
    for each in told["messages"]:
        blocks += [Toned(f"{moment(each['timestamp'] / 1000)}  {each['role']}", "dim"), _text(each), ""]
    invocation.output.show(told, *blocks)
    return exits.OK


@command(app, "cli.sessions.reset", "reset")
def reset(context: typer.Context, session: Which) -> int:
    return _change(context.obj, "sessions.reset", {"key": session}, "cli.sessions.was_reset")


@command(app, "cli.sessions.delete", "delete")
def delete(
    context: typer.Context,
    session: Which,
    purge: Annotated[bool, typer.Option("--purge", help=words("cli.sessions.purge"))] = False,
) -> int:
    told_as = "cli.sessions.purged" if purge else "cli.sessions.deleted"
    return _change(context.obj, "sessions.delete", {"key": session, "deleteTranscript": purge}, told_as)


def _list(invocation: Invocation, params: dict[str, Any]) -> int:
    with open_channel(invocation) as channel:
        told = channel.call("sessions.list", {**params, "includeLastMessage": True})
    table = Table(
        [words(f"cli.sessions.column.{name}") for name in _COLUMNS], [_row(each) for each in told["sessions"]]
    )
    invocation.output.show(told, table)
    return exits.OK


def _change(invocation: Invocation, method: str, params: dict[str, Any], told_as: str) -> int:
    with open_channel(invocation) as channel:
        told = channel.call(method, params)
    invocation.output.show(told, Toned(words(told_as, key=told["key"]), "green"))
    return exits.OK


def _row(each: dict[str, Any]) -> tuple[str, ...]:
    tokens = int(each.get("inputTokens") or 0) + int(each.get("outputTokens") or 0)
    said = str(each.get("lastMessagePreview") or "")[:60]
    return each["key"], each.get("displayName", ""), each["kind"], str(tokens), moment(each["updatedAt"] / 1000), said


def _text(message: dict[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    return "\n".join(str(part["text"]) for part in content or () if isinstance(part, dict) and part.get("text"))
