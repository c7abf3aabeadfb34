"""`crawdad keys`: API keys of this installation."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from crawdad.app import exits
from crawdad.app.commands import backends
from crawdad.app.commands.backends import Key, NewKey
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import CommandFailed, Invocation
from crawdad.app.output import Table, Toned, moment
from crawdad.app.words import words
from crawdad.core.identity import KEY_DEFAULT, Limits, Permission

app = application("keys", no_args_is_help=True)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


@command(app, "cli.keys.create", "create")
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help=words("cli.keys.name"))],
    permission: Annotated[
        list[Permission] | None, typer.Option(metavar="RIGHT", help=words("cli.keys.permission"))
    ] = None,
    model: Annotated[list[str] | None, typer.Option(metavar="MODEL", help=words("cli.keys.model"))] = None,
    expires: Annotated[str | None, typer.Option(metavar="TIME", help=words("cli.keys.expires"))] = None,
    requests: Annotated[int | None, typer.Option(min=1, metavar="N", help=words("cli.keys.requests"))] = None,
    tokens: Annotated[int | None, typer.Option(min=1, metavar="N", help=words("cli.keys.tokens"))] = None,
) -> int:
    invocation: Invocation = context.obj
    limits = Limits(tuple(model or ()), requests, tokens)
    wanted = NewKey(name, frozenset(permission) if permission else KEY_DEFAULT, limits, _seconds(expires))

    async def make() -> tuple[Key, str]:
        async with backends.open_keys(invocation.launch) as keys:
            return await keys.create(wanted)

    key, secret = asyncio.run(make())
    invocation.output.show(
        {**_as_document(key), "key": secret}, Toned(words("cli.keys.made", name=key.name), "green"), secret
    )
    return exits.OK


@command(app, "cli.keys.list", "list")
def list_keys(
    context: typer.Context,
    revoked: Annotated[bool, typer.Option("--revoked", help=words("cli.keys.revoked"))] = False,
) -> int:
    invocation: Invocation = context.obj

    async def read() -> Sequence[Key]:
        async with backends.open_keys(invocation.launch) as keys:
            return await keys.list(revoked)

    keys = asyncio.run(read())
    columns = ("name", "id", "hint", "permissions", "models", "created", "expires", "used")
    table = Table([words(f"cli.keys.column.{column}") for column in columns], [_row(key) for key in keys])
    invocation.output.show({"keys": [_as_document(key) for key in keys]}, table)
    return exits.OK


@command(app, "cli.keys.revoke", "revoke")
def revoke(context: typer.Context, key: Annotated[str, typer.Argument(help=words("cli.keys.id_or_name"))]) -> int:
    invocation: Invocation = context.obj

    async def end() -> Key:
        async with backends.open_keys(invocation.launch) as keys:
            return await keys.revoke(key)

    ended = asyncio.run(end())
    invocation.output.show(_as_document(ended), Toned(words("cli.keys.ended", name=ended.name, id=ended.id), "green"))
    return exits.OK


def _seconds(text: str | None) -> float | None:
    """`90d`, `12h`, `30m` as seconds."""
    if text is None:
        return None
    found = re.fullmatch(r"([1-9]\d{0,6})([smhdw])", text)
    if found is None:
        raise CommandFailed(words("cli.keys.bad_time", text=text), exits.USAGE)
    return float(int(found[1]) * _UNITS[found[2]])


def _as_document(key: Key) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "hint": key.hint,
        "permissions": sorted(key.permissions),
        "models": list(key.limits.models),
        "requests_per_minute": key.limits.requests_per_minute,
        "tokens_per_minute": key.limits.tokens_per_minute,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "last_used_at": key.last_used_at,
    }


def _row(key: Key) -> tuple[str | Toned, ...]:
    return (
        Toned(key.name, "dim strike") if key.revoked_at else key.name,
        key.id,
        key.hint,
        " ".join(sorted(key.permissions)),
        " ".join(key.limits.models) or "*",
        moment(key.created_at),
        moment(key.expires_at),
        moment(key.last_used_at),
    )
