"""The tree of commands, and the little that all of them share."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

import typer
from typer.core import TyperGroup
from typer.main import get_command

from crawdad.app.commands import parser_words
from crawdad.app.invocation import REMOTE_COMMANDS, Invocation
from crawdad.app.words import words

if TYPE_CHECKING:
    from typer._click import Command, Context, HelpFormatter

COMMANDS = (
    *("up", "serve", "service", "status", "probe", "doctor", "backup", "restore", "update", "heal", "token"),
    *(
        "config",
        "models",
        "accounts",
        "keys",
        "approvals",
        "pairing",
        "sessions",
        "cron",
        "prices",
        "logs",
        "notify",
        "stats",
        "sync",
    ),
    *("agents", "skills", "mcp", "plugins"),
    *("bench", "completion", "version"),
    *("chat", "channels", "devices", "call", "import"),
)
"""Each is a module of this package with a Typer application called `app`; its help is the words `cli.<name>`."""

_MODULES = {"import": "taking_over"}
"""Commands whose name no module can have."""
_REMOTE = frozenset(("agents", "approvals", "backup", "cron", "logs", "plugins", "sessions", "skills"))
"""Commands that work on the installation itself, and have a twin in `commands.remote` for another gateway."""
_GLOBAL_OPTIONS = (("--home DIR", "home"), ("--config FILE", "config"), ("--json", "json"), ("-h, --help", "help"))
# Without a default typer would load pydantic, a tenth of a second, to learn that None is no wish for help.
_CONTEXT = {"help_option_names": ["-h", "--help"], "default_map": {"help": False}}
Function = TypeVar("Function", bound=Callable[..., Any])


class _LazyGroup(parser_words.Group):
    """Knows the names of the commands, and imports one when it is called."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = dict.fromkeys(COMMANDS)  # type: ignore[assignment]  # names, for suggestions and lists

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = _MODULES.get(cmd_name, cmd_name)
        invocation: Invocation | None = ctx.obj
        if cmd_name in _REMOTE and invocation is not None and invocation.url:
            module = f"remote.{module}"
        command = get_command(import_module(f"crawdad.app.commands.{module}").app)
        command.name = cmd_name
        return command

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        with formatter.section(words("cli.options")):
            formatter.write_dl([(option, words(f"cli.option.{name}")) for option, name in _GLOBAL_OPTIONS])
        with formatter.section(words("cli.commands")):
            formatter.write_dl([(name, words(f"cli.{name}")) for name in COMMANDS])


def application(name: str, **settings: Any) -> typer.Typer:
    """A Typer application for the command or noun `name`."""
    help_text = words(f"cli.{name}")
    return typer.Typer(
        name=name,
        help=help_text,
        **{"epilog": _epilog(name), "cls": parser_words.Group, **settings},
        rich_markup_mode=None,
        add_completion=False,
        context_settings=_CONTEXT,
    )


def command(app: typer.Typer, help_key: str, name: str | None = None) -> Callable[[Function], Function]:
    """Registers a function as the command `name` of `app` (as its only one where there is no name)."""
    help_text, epilog = words(help_key), _epilog(app.info.name or "")
    return app.command(name, cls=parser_words.Command, help=help_text, epilog=epilog, context_settings=_CONTEXT)


def _epilog(name: str) -> str:
    if name in REMOTE_COMMANDS:
        return f"{words('cli.global_options')} {words('cli.remote_options')}"
    return words("cli.global_options")


def root_group() -> TyperGroup:
    """The program itself. Its options are not declared here: `split_global_options` takes them off before, so that they
    may stand anywhere (and a declared option makes typer import pydantic, a tenth of a second for every command).
    """
    app = application("root", cls=_LazyGroup, no_args_is_help=True, epilog=words("cli.exit_codes"))
    app.callback()(lambda: None)
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    return group
