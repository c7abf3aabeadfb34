"""`crawdad version`."""

from __future__ import annotations

import platform

import typer

from crawdad import __version__
from crawdad.app.commands.group import application, command

app = application("version")


@command(app, "cli.version")
def version(context: typer.Context) -> None:
    facts = {"version": __version__, "python": platform.python_version(), "platform": platform.platform()}
    context.obj.output.show(facts, f"crawdad {__version__} (Python {facts['python']}, {facts['platform']})")
