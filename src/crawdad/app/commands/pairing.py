"""`crawdad pairing`: who asks to be let in over a channel, and letting them in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from crawdad.app import exits
from crawdad.app.commands import backends
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import Invocation
from crawdad.app.output import Table, Toned, moment
from crawdad.app.words import words

if TYPE_CHECKING:
    from crawdad.services.channels.pairing import PairedPerson, PairingRequest

app = application("pairing", no_args_is_help=True)
Channel = Annotated[str, typer.Argument(help=words("cli.pairing.channel"))]
AccountName = Annotated[str, typer.Option("--account", help=words("cli.pairing.account"))]


@command(app, "cli.pairing.list", "list")
def list_requests(
    context: typer.Context,
    channel: Annotated[str, typer.Argument(help=words("cli.pairing.channel"))] = "",
    account: AccountName = "",
) -> int:
    invocation: Invocation = context.obj

    async def read() -> list[PairingRequest]:
        async with backends.open_pairing(invocation.launch) as pairing:
            return await pairing.waiting(channel, account)

    found = asyncio.run(read())
    titles = [words(f"cli.pairing.column.{column}") for column in ("account", "sender", "name", "code", "until")]
    rows = [[str(one.account), one.sender_id, one.sender_name, one.code, moment(one.expires_at)] for one in found]
    document = [
        {
            "channel": one.account.channel,
            "account": one.account.name,
            "sender_id": one.sender_id,
            "name": one.sender_name,
            "code": one.code,
            "expires_at": one.expires_at,
        }
        for one in found
    ]
    invocation.output.show({"requests": document}, Table(titles, rows))
    return exits.OK


@command(app, "cli.pairing.approve", "approve")
def approve(
    context: typer.Context,
    channel: Channel,
    code: Annotated[str, typer.Argument(help=words("cli.pairing.code"))],
    account: AccountName = "",
    owner: Annotated[bool, typer.Option("--owner", help=words("cli.pairing.owner"))] = False,
) -> int:
    invocation: Invocation = context.obj

    async def let_in() -> PairedPerson:
        async with backends.open_pairing(invocation.launch) as pairing:
            return await pairing.approve(channel, code, by="operator", account=account, owner=owner)

    person = asyncio.run(let_in())
    line = words("cli.pairing.approved", sender=person.name or person.sender_id, account=str(person.account))
    document = {"channel": person.account.channel, "account": person.account.name, "sender_id": person.sender_id}
    invocation.output.show({**document, "owner": person.owner}, Toned(line, "green"))
    return exits.OK


@command(app, "cli.pairing.people", "people")
def people(context: typer.Context, channel: Channel, account: AccountName = "default") -> int:
    invocation: Invocation = context.obj

    async def read() -> list[PairedPerson]:
        from crawdad.core.channels import Account

        async with backends.open_pairing(invocation.launch) as pairing:
            return list(await pairing.people(Account(channel, account)))

    found = asyncio.run(read())
    titles = [words(f"cli.pairing.column.{column}") for column in ("sender", "name", "owner", "since")]
    rows = [
        [one.sender_id, one.name, words("cli.pairing.yes") if one.owner else "", moment(one.added_at)] for one in found
    ]
    document = [
        {"sender_id": one.sender_id, "name": one.name, "owner": one.owner, "added_at": one.added_at} for one in found
    ]
    invocation.output.show({"people": document}, Table(titles, rows))
    return exits.OK


@command(app, "cli.pairing.remove", "remove")
def remove(
    context: typer.Context,
    channel: Channel,
    sender: Annotated[str, typer.Argument(help=words("cli.pairing.sender"))],
    account: AccountName = "default",
) -> int:
    invocation: Invocation = context.obj

    async def take_back() -> None:
        from crawdad.core.channels import Account

        async with backends.open_pairing(invocation.launch) as pairing:
            await pairing.remove(Account(channel, account), sender)

    asyncio.run(take_back())
    invocation.output.show({"removed": sender}, Toned(words("cli.pairing.removed", sender=sender), "green"))
    return exits.OK
