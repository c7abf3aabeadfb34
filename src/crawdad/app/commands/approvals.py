"""`crawdad approvals`: what agents ask for, and the operator's answers."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Annotated

import typer

from crawdad.app import exits
from crawdad.app.commands import backends
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import Invocation
from crawdad.app.output import Table, Toned, moment
from crawdad.app.words import words

if TYPE_CHECKING:
    from crawdad.core.approvals import Approval, Decision
    from crawdad.core.parts import JsonObject

app = application("approvals", no_args_is_help=True)
Which = Annotated[str, typer.Argument(help=words("cli.approvals.id"))]


@command(app, "cli.approvals.list", "list")
def list_approvals(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help=words("cli.approvals.all"))] = False,
) -> int:
    invocation: Invocation = context.obj

    async def read() -> list[Approval]:
        async with backends.open_approvals(invocation.launch) as approvals:
            return await approvals.list(() if everything else ("pending",))

    found = asyncio.run(read())
    columns = ("id", "status", "agent", "kind", "asked", "until", "what")
    titles = [words(f"cli.approvals.column.{column}") for column in columns]
    table = Table(titles, [_row(approval) for approval in found])
    invocation.output.show({"approvals": [_document(approval) for approval in found]}, table)
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


def _answer(invocation: Invocation, approval_id: str, decision: Decision) -> int:
    from crawdad.app.stored import OPERATOR

    async def resolve() -> Approval:
        async with backends.open_approvals(invocation.launch) as approvals:
            return await approvals.resolve(approval_id, decision, OPERATOR)

    answered = asyncio.run(resolve())
    key = "cli.approvals.denied" if decision == "deny" else "cli.approvals.allowed"
    line = Toned(words(key, what=answered.summary), "red" if decision == "deny" else "green")
    invocation.output.show(_document(answered), line)
    return exits.OK


def _row(approval: Approval) -> list[str]:
    what = approval.summary
    if folder := approval.details.get("cwd"):
        what += f"  [{folder}]"
    if arguments := approval.details.get("arguments"):
        what += f" {json.dumps(arguments, ensure_ascii=False)}"
    asked, until = moment(approval.created_at), moment(approval.expires_at)
    return [approval.id, approval.status, approval.agent_id, approval.kind, asked, until, what]


def _document(approval: Approval) -> JsonObject:
    names = ("id", "kind", "status", "summary", "agent_id", "session_key", "run_id", "details")
    document: JsonObject = {name: getattr(approval, name) for name in names}
    return document | {"created_at": approval.created_at, "expires_at": approval.expires_at}
