"""`crawdad plugins` for another gateway. Installing needs somebody who has seen what a plugin asks for: that is done there."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from crawdad.app import exits
from crawdad.app.commands.gateway_channel import open_channel
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import CommandFailed, Invocation
from crawdad.app.output import Table, Toned, clean
from crawdad.app.words import words

app = application("plugins", no_args_is_help=True)
Id = Annotated[str, typer.Argument(metavar="ID", help=words("cli.plugins.id"))]
Yes = Annotated[bool, typer.Option("--yes", "-y", help=words("cli.plugins.yes"))]
_STATES = {"enabled": ("loaded", "green"), "disabled": ("disabled", "yellow"), "error": ("error", "red")}


@command(app, "cli.plugins.list", "list")
def list_plugins(context: typer.Context) -> int:
    invocation: Invocation = context.obj
    with open_channel(invocation) as channel:
        told = channel.call("plugins.list", {})
    rows = [
        (one["id"], one.get("version", ""), one["origin"], _state(one), clean(one["description"]))
        for one in told["plugins"]
    ]
    columns = [words(f"cli.plugins.column.{name}") for name in ("id", "version", "origin", "status", "description")]
    said = [Toned(clean(f"{one['pluginId']}: {one['message']}"), "yellow") for one in told["diagnostics"]]
    invocation.output.show(told, Table(columns, rows) if rows else words("cli.plugins.none"), *said)
    return exits.OK


@command(app, "cli.plugins.show", "show")
def show(context: typer.Context, plugin: Id) -> int:
    invocation: Invocation = context.obj
    with open_channel(invocation) as channel:
        told = channel.call("plugins.inspect", {"pluginId": plugin})
    head = told["plugin"]
    lines: list[str | Toned] = [clean(f"{head['name']} {head.get('version', '')}: {head['description']}")]
    lines += [
        clean(words("cli.plugins.offers", kind=kind, values=", ".join(map(str, values))))
        for kind, values in told["declared"].items()
        if values
    ]
    invocation.output.show(told, *lines)
    return exits.OK


@command(app, "cli.plugins.enable", "enable")
def enable(context: typer.Context, plugin: Id) -> int:
    return _switch(context.obj, plugin, True)


@command(app, "cli.plugins.disable", "disable")
def disable(context: typer.Context, plugin: Id) -> int:
    return _switch(context.obj, plugin, False)


@command(app, "cli.plugins.uninstall", "uninstall")
def uninstall(context: typer.Context, plugin: Id, yes: Yes = False) -> int:
    invocation: Invocation = context.obj
    if not yes:
        if invocation.output.as_json or not sys.stdin.isatty():
            raise CommandFailed(words("cli.plugins.remove_needs_yes"), exits.USAGE)
        if not typer.confirm(words("cli.plugins.confirm_remove", id=plugin)):
            raise CommandFailed(words("cli.plugins.left"), exits.PROBLEM)
    with open_channel(invocation) as channel:
        told = channel.call("plugins.uninstall", {"pluginId": plugin})
    invocation.output.show(told, words("cli.plugins.removed", id=plugin))
    return exits.OK


@command(app, "cli.plugins.reload", "reload")
def reload(context: typer.Context) -> int:
    """All of them: one by itself is not to be had over the channel."""
    invocation: Invocation = context.obj
    with open_channel(invocation) as channel:
        told = channel.call("plugins.refresh", {})
    invocation.output.show(told, words("cli.remote.plugins_reloaded"))
    return exits.OK


def _switch(invocation: Invocation, plugin: str, enabled: bool) -> int:
    with open_channel(invocation) as channel:
        told = channel.call("plugins.setEnabled", {"pluginId": plugin, "enabled": enabled})
    lines: list[str | Toned] = [words("cli.plugins.enabled" if enabled else "cli.plugins.disabled", id=plugin)]
    lines += [Toned(clean(warning), "yellow") for warning in told.get("warnings", ())]
    invocation.output.show(told, *lines)
    return exits.OK


def _state(one: dict[str, Any]) -> Toned:
    status, tone = _STATES[one["state"]]
    return Toned(words(f"cli.plugins.status.{status}"), tone)
