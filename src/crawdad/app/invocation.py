"""One run of the command line: where it points, how it prints, how it fails."""

from __future__ import annotations

from typing import Any, NamedTuple

from crawdad.app import exits
from crawdad.app.launch import Launch
from crawdad.app.output import Output


class Invocation(NamedTuple):
    """What every command gets (`context.obj`)."""

    launch: Launch
    output: Output


class CommandFailed(Exception):
    """A command cannot do what it was asked. `details` go into the JSON form of the error."""

    def __init__(self, message: str, exit_code: int = exits.PROBLEM, **details: Any) -> None:
        super().__init__(message)
        self.message, self.exit_code, self.details = message, exit_code, details


def split_global_options(arguments: list[str]) -> tuple[list[str], dict[str, str], bool]:
    """The arguments without `--home`, `--config` and `--json`, which may stand anywhere before a `--`: the rest, the
    options' values and whether JSON is wanted. An option without its value is left for the parser to complain about.
    """
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
        elif name in ("--home", "--config") and equals:
            values[name[2:]] = value
        elif argument in ("--home", "--config") and not (arguments[position + 1 :] or ["-"])[0].startswith("-"):
            position += 1
            values[argument[2:]] = arguments[position]
        else:
            rest.append(argument)
        position += 1
    return rest, values, as_json
