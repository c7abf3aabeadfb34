"""`crawdad mcp`: tools of other servers that were seen, and which of them agents may use."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from crawdad.app import exits
from crawdad.app.commands import backends
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import Invocation
from crawdad.app.output import Table, Toned, moment
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


def _state(pin: PinnedTool) -> Toned:
    if pin.usable:
        return Toned(words("cli.mcp.usable"), "green")
    return Toned(words("cli.mcp.new" if pin.approved is None else "cli.mcp.changed"), "yellow")
