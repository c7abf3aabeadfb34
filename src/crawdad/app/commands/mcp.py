"""`crawdad mcp`: tools of other servers that were seen, and which of them agents may use."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from crawdad.app import exits
from crawdad.app.commands import backends
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import Invocation
from crawdad.app.output import Table, Toned, clean, moment
from crawdad.app.words import words

if TYPE_CHECKING:
    from crawdad.core.mcp import PinnedTool

app = application("mcp", no_args_is_help=True)

Server = Annotated[str, typer.Argument(help=words("cli.mcp.server"))]
Tool = Annotated[str | None, typer.Argument(help=words("cli.mcp.tool"))]


@command(app, "cli.mcp.list", "list")
def list_tools(
    context: typer.Context, server: Annotated[str | None, typer.Argument(help=words("cli.mcp.server"))] = None
) -> int:
    invocation: Invocation = context.obj

    async def look() -> Sequence[PinnedTool]:
        async with backends.open_mcp_tools(invocation.launch) as tools:
            return await tools.list(server)

    found = asyncio.run(look())
    rows = [
        (pin.server, pin.tool, _state(pin), moment(pin.changed_at), " ".join(pin.description.split())[:100])
        for pin in found
    ]
    table = Table([words(f"cli.mcp.column.{name}") for name in ("server", "tool", "state", "changed", "says")], rows)
    document = {
        "tools": [
            {
                "server": pin.server,
                "tool": pin.tool,
                "usable": pin.usable,
                "description": pin.description,
                "digest": pin.seen,
                "changedAt": pin.changed_at,
                "approvedAt": pin.approved_at,
                "approvedBy": pin.approved_by,
            }
            for pin in found
        ]
    }
    invocation.output.show(document, table if found else words("cli.mcp.none"))
    return exits.OK


@command(app, "cli.mcp.approve", "approve")
def approve(context: typer.Context, server: Server, tool: Tool = None) -> int:
    invocation: Invocation = context.obj

    async def work() -> Sequence[PinnedTool]:
        async with backends.open_mcp_tools(invocation.launch) as tools:
            return await tools.approve(server, tool)

    done = asyncio.run(work())
    lines: list[str | Toned] = [
        Toned(words("cli.mcp.approved", server=pin.server, tool=pin.tool), "green") for pin in done
    ]
    invocation.output.show({"approved": [pin.tool for pin in done]}, *(lines or (words("cli.mcp.nothing"),)))
    return exits.OK


@command(app, "cli.mcp.forget", "forget")
def forget(context: typer.Context, server: Server, tool: Tool = None) -> int:
    invocation: Invocation = context.obj

    async def work() -> int:
        async with backends.open_mcp_tools(invocation.launch) as tools:
            return await tools.forget(server, tool)

    count = asyncio.run(work())
    invocation.output.show({"forgotten": count}, words("cli.mcp.forgotten", count=count))
    return exits.OK


@command(app, "cli.mcp.login", "login")
def login(
    context: typer.Context,
    server: Server,
    paste: Annotated[bool, typer.Option("--paste", help=words("cli.mcp.paste"))] = False,
) -> int:
    invocation: Invocation = context.obj

    def show(url: str) -> None:
        _say(words("cli.mcp.open", url=url))
        _say(words("cli.mcp.then_paste" if paste else "cli.mcp.waiting"))

    async def line() -> str:
        return await asyncio.to_thread(sys.stdin.readline)

    async def work() -> None:
        async with backends.open_mcp_logins(invocation.launch) as logins:
            await logins.login(server, show, line if paste else None)

    asyncio.run(work())
    invocation.output.show(
        {"server": server, "signedIn": True}, Toned(words("cli.mcp.signed_in", server=server), "green")
    )
    return exits.OK


@command(app, "cli.mcp.logout", "logout")
def logout(context: typer.Context, server: Server) -> int:
    invocation: Invocation = context.obj

    async def work() -> bool:
        async with backends.open_mcp_logins(invocation.launch) as logins:
            return await logins.logout(server)

    there = asyncio.run(work())
    line = words("cli.mcp.signed_out" if there else "cli.mcp.not_signed_in", server=server)
    invocation.output.show({"server": server, "forgotten": there}, line)
    return exits.OK


def _say(text: str) -> None:
    """Words for the person: never part of the command's result."""
    print(clean(text), file=sys.stderr, flush=True)


def _state(pin: PinnedTool) -> Toned:
    if pin.usable:
        return Toned(words("cli.mcp.usable"), "green")
    return Toned(words("cli.mcp.new" if pin.approved is None else "cli.mcp.changed"), "yellow")
