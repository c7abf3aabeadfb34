"""`crawdad chat`: talk with an agent in this terminal."""

from __future__ import annotations

import sys
import time
from typing import Annotated

import typer

from crawdad.app import exits
from crawdad.app.commands.gateway_channel import open_channel
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import CommandFailed, Invocation
from crawdad.app.output import clean
from crawdad.app.words import words

app = application("chat")
_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds between tries to come back after the connection was lost."""


@command(app, "cli.chat")
def chat(
    context: typer.Context,
    agent: Annotated[str | None, typer.Option(metavar="ID", help=words("cli.agents.agent"))] = None,
    session: Annotated[str, typer.Option(metavar="KEY", help=words("cli.chat.key"))] = "main",
    message: Annotated[str | None, typer.Option("--message", "-m", help=words("cli.chat.message"))] = None,
) -> int:
    invocation: Invocation = context.obj
    key = f"agent:{agent}:{session}" if agent and not session.startswith("agent:") else session
    if message is None and not (sys.stdin.isatty() and sys.stdout.isatty()):
        message = sys.stdin.read()
    if message is not None:
        return _say_once(invocation, key, sys.stdin.read() if message == "-" else message)
    if invocation.output.as_json:
        raise CommandFailed(words("cli.chat.json_needs_message"), exits.USAGE)
    return _talk(invocation, key)


def _say_once(invocation: Invocation, key: str, message: str) -> int:
    from crawdad.app.chat.screen import Screen
    from crawdad.app.chat.talk import Talk

    if not message.strip():
        raise CommandFailed(words("cli.chat.nothing_said"), exits.USAGE)
    talk = Talk(key, Screen())
    with open_channel(invocation) as channel:
        view = talk.once(channel, message.strip(), shows=not invocation.output.as_json)
        told = {"session": view.session_key, "runId": view.run_id, "status": view.status, "text": view.text}
    if view.status == "error":
        reason = words("cli.agents.failed", reason=clean(view.error))
        raise CommandFailed(reason, exits.PROBLEM, **told, tools=view.tools)
    if invocation.output.as_json:
        invocation.output.show({**told, "tools": view.tools})
    return exits.OK if view.status == "final" else exits.PROBLEM


def _talk(invocation: Invocation, key: str) -> int:
    """Talk, and come back when the connection is lost: the agent goes on without us."""
    from crawdad.app.chat.screen import Screen
    from crawdad.app.chat.talk import Talk

    screen = Screen()
    talk = Talk(key, screen)
    pauses, inside = iter(_PAUSES), False
    while True:
        try:
            with open_channel(invocation) as channel:
                pauses, inside = iter(_PAUSES), True
                talk.go_on(channel)
                return exits.OK
        except CommandFailed as failure:
            pause = next(pauses, None)
            if failure.exit_code != exits.UNREACHABLE or not inside or pause is None:
                raise
            screen.line()
            screen.line(words("cli.chat.lost"), "bad")
            time.sleep(pause)
