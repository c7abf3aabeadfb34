"""One run of the command line: where it points, how it prints, how it fails."""

from __future__ import annotations

from typing import Any, NamedTuple

from crawdad.app import exits
from crawdad.app.launch import Launch
from crawdad.app.output import Output


class Invocation(NamedTuple):
    """What every command gets (`context.obj`). `url` and `token` are the gateway that was named; empty: none was, and the
    commands are about the installation at `launch`."""

    launch: Launch
    output: Output
    url: str = ""
    token: str = ""


class CommandFailed(Exception):
    """A command cannot do what it was asked. `details` go into the JSON form of the error."""

    def __init__(self, message: str, exit_code: int = exits.PROBLEM, **details: Any) -> None:
        super().__init__(message)
        self.message, self.exit_code, self.details = message, exit_code, details


REMOTE_COMMANDS = frozenset(
    (
        *("agents", "approvals", "backup", "call", "channels", "chat", "cron", "devices", "logs", "notify"),
        *("plugins", "sessions", "skills"),
    )
)
"""The commands that `--url` and `--token` lead to another gateway. Others have options of those names that mean their own."""

_OF_ALL = ("--home", "--config")
_OF_REMOTE = ("--url", "--token")


def split_global_options(arguments: list[str]) -> tuple[list[str], dict[str, str], bool]:
    """The arguments without `--home`, `--config` and `--json`, and without `--url` and `--token` where the command is one
    that knows other gateways. They may stand anywhere before a `--`: the rest, the options' values and whether JSON is
    wanted. An option without its value is left for the parser to complain about.
    """
    rest, values, as_json = _split(arguments, _OF_ALL + _OF_REMOTE)
    if rest[:1] and rest[0] in REMOTE_COMMANDS:
        return rest, values, as_json
    return _split(arguments, _OF_ALL)


def _split(arguments: list[str], names: tuple[str, ...]) -> tuple[list[str], dict[str, str], bool]:
    rest: list[str] = []
    values: dict[str, str] = {}
    as_json = False
    position = 0
    while position < len(arguments):
        argument = arguments[position]
        name, equals, value = argument.partition("=")
        if argument == "--":
            rest += arguments[position:]
            break
        if argument == "--json":
            as_json = True
        elif name in names and equals:
            values[name[2:]] = value
        elif argument in names and not (arguments[position + 1 :] or ["-"])[0].startswith("-"):
            position += 1
            values[argument[2:]] = arguments[position]
        else:
            rest.append(argument)
        position += 1
    return rest, values, as_json
