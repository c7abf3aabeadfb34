"""`crawdad logs` for another gateway: the log of its process."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from crawdad.app import exits
from crawdad.app.commands.gateway_channel import open_channel
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import Invocation
from crawdad.app.words import words

app = application("logs")
_POLL_SECONDS = 1.0


@command(app, "cli.remote.logs")
def logs(
    context: typer.Context,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, max=5000, help=words("cli.remote.lines"))] = 100,
    follow: Annotated[bool, typer.Option("--follow", "-f", help=words("cli.remote.follow"))] = False,
) -> int:
    from crawdad.wire.control.log_lines import shown_line

    invocation: Invocation = context.obj
    with open_channel(invocation) as channel:
        found = channel.call("logs.tail", {"limit": lines})
        if not follow:
            invocation.output.show(found, *map(shown_line, found["lines"]))
            return exits.OK
        while True:
            for line in found["lines"]:
                invocation.output.line({"line": line}, shown_line(line))
            time.sleep(_POLL_SECONDS)
            found = channel.call("logs.tail", {"cursor": found["cursor"]})
