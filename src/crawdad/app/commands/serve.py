"""`crawdad serve`."""

from __future__ import annotations

from typing import Annotated

import typer

from crawdad.app.commands.group import application, command
from crawdad.app.handover import environment_with
from crawdad.app.words import words

app = application("serve")


@command(app, "cli.serve")
def serve(
    context: typer.Context,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help=words("cli.option.port"))] = None,
    bind: Annotated[str | None, typer.Option(help=words("cli.option.bind"))] = None,
    safe_mode: Annotated[bool, typer.Option("--safe-mode", help=words("cli.option.safe_mode"))] = False,
) -> int:
    from crawdad.app import first_process

    first_process.step_aside()
    from crawdad.app import server

    invocation = context.obj
    launch = invocation.launch._replace(environment=environment_with(invocation, port, bind))
    return server.run(launch, safe_mode=safe_mode, as_json=invocation.output.as_json)
