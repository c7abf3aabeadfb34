"""What the parser itself says, headings of help pages and what is wrong with a command line, in the language of this process.

Typer speaks English alone. Of its words those are replaced that every help page and every common mistake has.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from typer import core
from typer.core import TyperCommand, TyperGroup

from crawdad.app.words import LANGUAGE, words

if TYPE_CHECKING:
    from typer._click import Context, HelpFormatter
    from typer.core import TyperOption

_SCAFFOLD = {
    "Arguments": "cli.arguments",
    "Options": "cli.options",
    "Commands": "cli.commands",
    "required": "cli.required",
    "default: {default}": "cli.default",
    "Missing command.": "cli.usage.command",
    "No such command {name!r}.": "cli.usage.no_command",
}
_MEANT = re.compile(r"\. Did you mean (.+)\?$")


def _translated(text: str) -> str:
    key = _SCAFFOLD.get(text)
    return text if key is None else words(key, name="{name!r}", default="{default}")


if LANGUAGE != "en":
    core._ = _translated  # type: ignore[assignment,attr-defined]  # its hook for translations; there is no other


class _Spoken:
    """A command whose help page is in one language."""

    def format_usage(self: Any, ctx: Context, formatter: HelpFormatter) -> None:
        formatter.write_usage(ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), words("cli.usage_line"))

    def get_help_option(self, ctx: Context) -> TyperOption | None:
        found: TyperOption | None = super().get_help_option(ctx)  # type: ignore[misc]
        if found is not None and LANGUAGE != "en":
            found.help = words("cli.option.help")
        return found


class Command(_Spoken, TyperCommand):
    """A command."""


class Group(_Spoken, TyperGroup):
    """A noun with its commands."""


def usage_fault(error: Any) -> str:
    """What is wrong with a command line. `error` is typer's."""
    said = str(error.format_message())
    if LANGUAGE == "en":
        return said
    name = type(error).__name__
    if name == "NoSuchOption":
        told = words("cli.usage.no_option", name=error.option_name)
        near = ", ".join(sorted(error.possibilities or ()))
        return told + words("cli.usage.meant", names=near) if near else told
    if name == "MissingParameter" and error.param is not None:
        return words("cli.usage.missing", name=error.param.get_error_hint())
    if name == "BadParameter" and error.param is not None:
        return words("cli.usage.bad_value", name=error.param.get_error_hint(), reason=error.message)
    meant = _MEANT.search(said)
    return said[: meant.start()] + words("cli.usage.meant", names=meant[1]) if meant else said
