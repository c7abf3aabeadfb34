"""`crawdad probe`: the health check of containers and service managers.

Without options but `--live` it does not get as far as here (`app.main`): the parser takes longer than the question.
"""

from __future__ import annotations

from typing import Annotated

import typer

from crawdad.app.commands.group import application, command
from crawdad.app.invocation import Invocation
from crawdad.app.probing import probe as ask
from crawdad.app.words import words

app = application("probe")


@command(app, "cli.probe")
def probe(
    context: typer.Context,
    live: Annotated[bool, typer.Option("--live", help=words("cli.probe.live"))] = False,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help=words("cli.probe.port"))] = 0,
) -> int:
    invocation: Invocation = context.obj
    return ask(invocation, live=live, port=port)
