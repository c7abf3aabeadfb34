"""`crawdad approvals` for another gateway: what is asked for is told as it comes; answers go over the channel."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from crawdad.app import exits
from crawdad.app.commands.gateway_channel import open_channel
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import Invocation
from crawdad.app.output import Table, Toned, clean, moment
from crawdad.app.words import words

app = application("approvals", no_args_is_help=True)
Which = Annotated[str, typer.Argument(help=words("cli.approvals.id"))]


@command(app, "cli.remote.approvals_watch", "watch")
def watch(context: typer.Context) -> int:
    from crawdad.wire.control.client import Event

    invocation: Invocation = context.obj
    with open_channel(invocation) as channel:
        while True:
            found = channel.next(None)
            if isinstance(found, Event) and found.name == "exec.approval.requested":
                request = found.payload["request"]
                folder = f"  [{request['cwd']}]" if request.get("cwd") else ""
                invocation.output.line(found.payload, f"{found.payload['id']}  {request['command']}{folder}")


@command(app, "cli.approvals.list", "list")
def list_approvals(context: typer.Context) -> int:
    invocation: Invocation = context.obj
    with open_channel(invocation) as channel:
        found = channel.call("exec.approval.list", {})
    columns = ("id", "agent", "asked", "until", "what")
    table = Table([words(f"cli.approvals.column.{column}") for column in columns], [_row(one) for one in found])
    invocation.output.show({"approvals": found}, table)
    return exits.OK


@command(app, "cli.approvals.allow", "allow")
def allow(
    context: typer.Context,
    approval: Which,
    always: Annotated[bool, typer.Option("--always", help=words("cli.approvals.always"))] = False,
) -> int:
    return _answer(context.obj, approval, "allow-always" if always else "allow-once")


@command(app, "cli.approvals.deny", "deny")
def deny(context: typer.Context, approval: Which) -> int:
    return _answer(context.obj, approval, "deny")


def _answer(invocation: Invocation, approval_id: str, decision: str) -> int:
    with open_channel(invocation) as channel:
        channel.call("exec.approval.resolve", {"id": approval_id, "decision": decision})
    key = "cli.approvals.denied" if decision == "deny" else "cli.approvals.allowed"
    line = Toned(words(key, what=approval_id), "red" if decision == "deny" else "green")
    invocation.output.show({"id": approval_id, "decision": decision}, line)
    return exits.OK


def _row(waiting: dict[str, Any]) -> list[str]:
    request = waiting["request"]
    what = clean(request["command"]) + (f"  [{clean(request['cwd'])}]" if request.get("cwd") else "")
    asked, until = (moment(waiting[name] / 1000) for name in ("createdAtMs", "expiresAtMs"))
    return [waiting["id"], clean(request.get("agentId") or ""), asked, until, what]
