"""`crawdad token`: the token that the first start made, once."""

from __future__ import annotations

import typer

from crawdad.app import exits, first_token
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import CommandFailed, Invocation
from crawdad.app.words import words

app = application("token")


@command(app, "cli.token")
def token(context: typer.Context) -> int:
    invocation: Invocation = context.obj
    found = first_token.kept(invocation.launch.home)
    if found is None:
        raise CommandFailed(words("cli.token.none"), exits.PROBLEM)
    invocation.output.show({"token": found}, found)
    first_token.forget(invocation.launch.home)
    return exits.OK
