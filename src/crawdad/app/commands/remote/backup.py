"""`crawdad backup` for another gateway. Files that carry a backup away are made where the gateway is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import typer

from crawdad.app import exits
from crawdad.app.commands.backup import ConfigOnly, Other, Several, Which
from crawdad.app.commands.backup_shown import (
    show_created,
    show_deleted,
    show_difference,
    show_list,
    show_one,
    show_verified,
)
from crawdad.app.commands.gateway_channel import open_channel
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import CommandFailed, Invocation
from crawdad.app.words import words

if TYPE_CHECKING:
    from crawdad.adapters.control_client import Connection

app = application("backup", no_args_is_help=True)
_WAIT_MILLISECONDS = 20_000
_LOOK_SECONDS = 0.5


@command(app, "cli.backup.create", "create")
def create(context: typer.Context, config: ConfigOnly = False) -> int:
    kind = "configuration" if config else "full"
    return show_created(context.obj, _work(context.obj, "backups.create", {"kind": kind}))


@command(app, "cli.backup.list", "list")
def list_backups(context: typer.Context) -> int:
    return show_list(context.obj, _call(context.obj, "backups.list", {})["backups"])


@command(app, "cli.backup.show", "show")
def show(context: typer.Context, backup: Which) -> int:
    return show_one(context.obj, _call(context.obj, "backups.show", {"id": backup}))


@command(app, "cli.backup.verify", "verify")
def verify(context: typer.Context, backup: Which) -> int:
    return show_verified(context.obj, _work(context.obj, "backups.verify", {"id": backup}))


@command(app, "cli.backup.diff", "diff")
def diff(context: typer.Context, backup: Which, other: Other = None) -> int:
    pair = {"id": backup, **({"other": other} if other else {})}
    return show_difference(context.obj, _call(context.obj, "backups.diff", pair))


@command(app, "cli.backup.delete", "delete")
def delete(context: typer.Context, backups: Several) -> int:
    return show_deleted(context.obj, _call(context.obj, "backups.delete", {"ids": backups}))


def _call(invocation: Invocation, method: str, params: dict[str, Any]) -> Any:
    with open_channel(invocation) as channel:
        return channel.call(method, params)


def _work(invocation: Invocation, method: str, params: dict[str, Any]) -> dict[str, Any]:
    """Have the gateway do what takes a while, and wait for its result. Raises `CommandFailed`; whoever stops waiting leaves
    the gateway at its work."""
    with open_channel(invocation) as channel:
        task = channel.call(method, {**params, "timeoutMs": _WAIT_MILLISECONDS})
        while task["status"] == "running":
            task = _again(channel, task["id"])
    if task["status"] != "succeeded":
        reason = task["error"] or task["status"]
        raise CommandFailed(words("cli.channel.refused", reason=reason), exits.PROBLEM, task=task["id"])
    result: dict[str, Any] = task["result"]
    return result


def _again(channel: Connection, task_id: str) -> Any:
    time.sleep(_LOOK_SECONDS)  # a process that does not do the work itself answers at once
    return channel.call("work.get", {"id": task_id, "timeoutMs": _WAIT_MILLISECONDS})
