"""`crawdad call`: any method of the control channel."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from crawdad.app import exits
from crawdad.app.commands.gateway_channel import open_channel
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import CommandFailed, Invocation
from crawdad.app.words import words

app = application("call")


@command(app, "cli.call")
def call(
    context: typer.Context,
    method: Annotated[str, typer.Argument(metavar="METHOD", help=words("cli.call.method"))],
    params: Annotated[str, typer.Argument(metavar="[PARAMS]", help=words("cli.call.params"))] = "{}",
    timeout: Annotated[float, typer.Option(min=0.1, metavar="SECONDS", help=words("cli.call.timeout"))] = 60.0,
) -> int:
    invocation: Invocation = context.obj
    with open_channel(invocation) as channel:
        told = channel.call(method, _object(params), timeout)
    invocation.output.show(told, json.dumps(told, ensure_ascii=False, indent=2))
    return exits.OK


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise CommandFailed(words("cli.call.not_json", reason=error), exits.USAGE) from None
    if not isinstance(found, dict):
        raise CommandFailed(words("cli.call.not_json", reason=type(found).__name__), exits.USAGE)
    return found
