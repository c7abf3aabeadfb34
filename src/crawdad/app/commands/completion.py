"""`crawdad completion`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from crawdad.app.commands.group import application, command
from crawdad.app.words import words

app = application("completion")


class Shell(StrEnum):
    """The shells for which there is a script."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


@command(app, "cli.completion")
def completion(context: typer.Context, shell: Annotated[Shell, typer.Argument(help=words("cli.shell"))]) -> None:
    from typer._completion_shared import get_completion_script

    script = get_completion_script(prog_name="crawdad", complete_var="_CRAWDAD_COMPLETE", shell=shell.value)
    context.obj.output.show({"shell": shell.value, "script": script}, script)
