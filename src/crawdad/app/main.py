"""The command line, `crawdad`. Each command's module is imported when that command is called, and not before."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any

from crawdad.app import exits
from crawdad.app.invocation import CommandFailed, Invocation, split_global_options
from crawdad.app.launch import Launch
from crawdad.app.output import Output, clean
from crawdad.app.words import LANGUAGE, words
from crawdad.core.errors import GatewayError

if TYPE_CHECKING:
    from typer.core import TyperGroup


def main() -> None:
    """The entry point of the `crawdad` program."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line: its exit code (`crawdad.app.exits`). No fault of the user's world shows a traceback."""
    rest, values, as_json = split_global_options(arguments)
    output = Output(as_json)
    try:
        launch = Launch.from_environment(values.get("home"), values.get("config"))
        _settle(launch, arguments)
        url = values.get("url") or launch.environment.get("CRAWDAD_URL", "")
        invocation = Invocation(launch, output, url, values.get("token", ""))
        return _dispatch(rest, invocation)
    except CommandFailed as failure:
        return _tell(output, failure.message, failure.exit_code, failure.details)
    except GatewayError as error:
        return _tell(output, error.message(LANGUAGE), exits.PROBLEM, {"kind": error.kind.value, **error.details})
    except KeyboardInterrupt:
        return exits.INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # whoever read our output has left; the last flush must not fail
        return exits.PROBLEM
    except OSError as error:
        return _tell(output, f"{error.strerror or error}: {error.filename or ''}".rstrip(": "), exits.PROBLEM, {})
    except Exception as error:
        if os.environ.get("CRAWDAD_DEBUG"):
            raise
        text = words("cli.internal", error=f"{type(error).__name__}: {error}")
        return _tell(output, text, exits.INTERNAL, {})


def _settle(launch: Launch, arguments: list[str]) -> None:
    """Let the version that counts take over, and go on with what a killed process left in the middle of being replaced."""
    from crawdad.app import versions

    versions.make_room(launch.home, arguments)
    if os.path.exists(launch.home / "switch" / "journal.json"):
        from crawdad.app import switching

        journal = switching.read(launch.home)
        if journal is not None and journal.state in ("applying", "undoing", "kept"):
            with contextlib.suppress(switching.InUse):
                switching.begin(launch.home, starting=False)


def _dispatch(arguments: list[str], invocation: Invocation) -> int:
    if arguments == ["up"]:  # the way of `make run`: straight to the supervisor, without a parser
        from crawdad.app.handover import become_supervisor

        become_supervisor(invocation)
    if arguments in (
        ["probe"],
        ["probe", "--live"],
    ):  # asked every few seconds: the parser would take longer than the rest
        from crawdad.app.probing import probe

        return probe(invocation, live="--live" in arguments)
    from typer import TyperException

    if "_CRAWDAD_COMPLETE" in os.environ:
        from typer._completion_classes import completion_init

        completion_init()
    try:
        result = _group().main(arguments, prog_name="crawdad", standalone_mode=False, obj=invocation)
    except TyperException as error:
        return _on_usage_error(error, invocation.output)
    return result if isinstance(result, int) else exits.OK


def _group() -> TyperGroup:
    from crawdad.app.commands.group import root_group

    return root_group()


def _on_usage_error(error: Any, output: Output) -> int:
    """`error` is typer's. Asking for nothing is asking for help."""
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError" and context is not None:
        print(context.get_help())
        return exits.USAGE
    from crawdad.app.commands.parser_words import usage_fault

    path = context.command_path if context is not None else "crawdad"
    return _tell(output, words("cli.usage", message=usage_fault(error), command=path), exits.USAGE, {})


def _tell(output: Output, message: str, exit_code: int, details: dict[str, Any]) -> int:
    if output.as_json:
        output.show({"error": {"message": message, "exit_code": exit_code, **details}})
    else:
        print(clean(message), file=sys.stderr)
    return exit_code


if __name__ == "__main__":
    main()
