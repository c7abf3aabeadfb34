"""`crawdad config`: read, change and check the configuration."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer

from crawdad.app import exits
from crawdad.app.commands import backends
from crawdad.app.commands.backends import Problem, Verdict, Written
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import CommandFailed, Invocation
from crawdad.app.output import Toned
from crawdad.app.words import LANGUAGE, words
from crawdad.core.errors import ErrorKind, GatewayError

app = application("config", no_args_is_help=True)


@command(app, "cli.config.get", "get")
def get(
    context: typer.Context,
    key: Annotated[str, typer.Argument(help=words("cli.config.key"))] = "",
    reveal: Annotated[bool, typer.Option("--reveal", help=words("cli.config.reveal"))] = False,
) -> int:
    invocation: Invocation = context.obj

    async def read() -> backends.Reading:
        async with backends.open_configuration(invocation.launch) as configuration:
            return await configuration.get(key, reveal)

    try:
        reading = asyncio.run(read())
    except GatewayError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
        raise CommandFailed(error.message(LANGUAGE), exits.PROBLEM, key=key) from error
    document = {
        "key": reading.path,
        "value": reading.value,
        "origin": str(reading.origin),
        "masked": reading.masked,
    }
    value = reading.value
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2, default=str)
    invocation.output.show(document, shown)
    return exits.OK


@command(app, "cli.config.set", "set")
def set_value(
    context: typer.Context,
    key: Annotated[str, typer.Argument(help=words("cli.config.key"))],
    value: Annotated[str, typer.Argument(help=words("cli.config.value"))],
    text: Annotated[bool, typer.Option("--text", help=words("cli.config.text"))] = False,
) -> int:
    invocation: Invocation = context.obj

    async def write() -> Written:
        async with backends.open_configuration(invocation.launch) as configuration:
            return await configuration.set_value(key, value, text)

    return _report_edit(invocation, key, asyncio.run(write()))


@command(app, "cli.config.unset", "unset")
def unset_value(context: typer.Context, key: Annotated[str, typer.Argument(help=words("cli.config.key"))]) -> int:
    invocation: Invocation = context.obj

    async def write() -> Written:
        async with backends.open_configuration(invocation.launch) as configuration:
            return await configuration.unset_value(key)

    return _report_edit(invocation, key, asyncio.run(write()))


@command(app, "cli.config.validate", "validate")
def validate(context: typer.Context) -> int:
    invocation: Invocation = context.obj

    async def check() -> Verdict:
        async with backends.open_configuration(invocation.launch) as configuration:
            return await configuration.validate()

    verdict = asyncio.run(check())
    document = {
        "valid": verdict.valid,
        "problems": [_as_document(problem) for problem in verdict.problems],
        "files": list(verdict.files),
    }
    end = Toned(words("cli.config.valid"), "green") if verdict.valid else Toned(words("cli.config.invalid"), "red")
    invocation.output.show(document, *_lines(verdict.problems), end)
    return exits.OK if verdict.valid else exits.CONFIGURATION


@command(app, "cli.config.path", "path")
def path(context: typer.Context) -> None:
    launch = context.obj.launch
    document = {"path": str(launch.config_path), "home": str(launch.home), "exists": launch.config_path.exists()}
    context.obj.output.show(document, str(launch.config_path))


def _report_edit(invocation: Invocation, key: str, written: Written) -> int:
    problems = [_as_document(problem) for problem in written.problems]
    document = {"key": key, "written": written.written, "refused": written.refused, "problems": problems}
    if written.refused:
        end = Toned(words("cli.config.refused"), "red")
    else:
        end = Toned(words("cli.config.written" if written.written else "cli.config.unchanged", name=key), "green")
    invocation.output.show(document, *_lines(written.problems), end)
    return exits.CONFIGURATION if written.refused else exits.OK


def _as_document(problem: Problem) -> dict[str, Any]:
    return {
        "severity": "error" if problem.is_error else "warning",
        "key": problem.path,
        "message": problem.message.render(LANGUAGE),
        "fix": problem.fix.render(LANGUAGE),
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
    }


def _lines(problems: Sequence[Problem]) -> Iterable[Toned]:
    """Two lines a problem: where and what, then what to do."""
    for problem in problems:
        place = ":".join(str(part) for part in (problem.file, problem.line, problem.column) if part is not None)
        start = ": ".join(part for part in (place, problem.path) if part)
        text = f"{start}: {problem.message.render(LANGUAGE)}\n    {problem.fix.render(LANGUAGE)}"
        yield Toned(text, "red" if problem.is_error else "yellow")
