"""`crawdad up`."""

from __future__ import annotations

from typing import Annotated

import typer

from crawdad.app.commands.group import application, command
from crawdad.app.handover import become_supervisor
from crawdad.app.words import words

app = application("up")


@command(app, "cli.up")
def up(
    context: typer.Context,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help=words("cli.option.port"))] = None,
    bind: Annotated[str | None, typer.Option(help=words("cli.option.bind"))] = None,
) -> None:
    become_supervisor(context.obj, port, bind)
