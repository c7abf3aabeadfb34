"""`crawdad keys`: API keys of this installation, what they may use, what they have used and have left."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from crawdad.app import exits
from crawdad.app.commands import backends
from crawdad.app.commands.backends import Key, KeyChange, NewKey
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import CommandFailed, Invocation
from crawdad.app.output import Table, Toned, moment
from crawdad.app.words import words
from crawdad.core.identity import KEY_DEFAULT, Limits, Permission

if TYPE_CHECKING:
    from crawdad.core.budgets import Budget, Standing

app = application("keys", no_args_is_help=True)
Answer = TypeVar("Answer")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_CLEARABLE = (
    *("permissions", "models", "providers", "protocols", "networks", "budgets"),
    *("owner", "expires", "requests", "tokens"),
)

Name = Annotated[str, typer.Argument(help=words("cli.keys.name"))]
Which = Annotated[str, typer.Argument(help=words("cli.keys.id_or_name"))]
Rights = Annotated[
    list[Permission] | None, typer.Option("--permission", metavar="RIGHT", help=words("cli.keys.permission"))
]
Models = Annotated[list[str] | None, typer.Option("--model", metavar="MODEL", help=words("cli.keys.model"))]
Providers = Annotated[list[str] | None, typer.Option("--provider", metavar="ID", help=words("cli.keys.provider"))]
Protocols = Annotated[list[str] | None, typer.Option("--protocol", metavar="NAME", help=words("cli.keys.protocol"))]
Networks = Annotated[list[str] | None, typer.Option("--network", metavar="CIDR", help=words("cli.keys.network"))]
Money = Annotated[list[str] | None, typer.Option("--budget", metavar="BUDGET", help=words("cli.keys.budget"))]
Expires = Annotated[str | None, typer.Option(metavar="TIME", help=words("cli.keys.expires"))]
Requests = Annotated[int | None, typer.Option(min=1, metavar="N", help=words("cli.keys.requests"))]
Tokens = Annotated[int | None, typer.Option(min=1, metavar="N", help=words("cli.keys.tokens"))]
Owner = Annotated[str | None, typer.Option(help=words("cli.keys.owner"))]


@command(app, "cli.keys.create", "create")
def create(  # noqa: PLR0913 - one parameter an option
    context: typer.Context,
    name: Name,
    permission: Rights = None,
    model: Models = None,
    provider: Providers = None,
    protocol: Protocols = None,
    network: Networks = None,
    budget: Money = None,
    requests: Requests = None,
    tokens: Tokens = None,
    owner: Owner = None,
    expires: Expires = None,
) -> int:
    lists = {"models": model, "providers": provider, "protocols": protocol, "networks": network}
    limits = replace(
        Limits(**{name: tuple(values or ()) for name, values in lists.items()}),  # type: ignore[arg-type]
        requests_per_minute=requests,
        tokens_per_minute=tokens,
        budgets=_budgets(budget or ()),
    )
    rights = frozenset(permission) if permission else KEY_DEFAULT
    wanted = NewKey(name, rights, limits, _seconds(expires), owner or "")

    async def make(keys: backends.Keys) -> tuple[Key, str, Sequence[Standing]]:
        key, secret = await keys.create(wanted)
        return key, secret, await keys.standing(key)

    invocation: Invocation = context.obj
    key, secret, standings = _with_keys(invocation, make)
    document = {**_as_document(key, standings), "key": secret}
    invocation.output.show(document, Toned(words("cli.keys.made", name=key.name), "green"), secret)
    return exits.OK


@command(app, "cli.keys.update", "update")
def update(  # noqa: PLR0913 - one parameter an option
    context: typer.Context,
    key: Which,
    name: Annotated[str | None, typer.Option(help=words("cli.keys.rename"))] = None,
    permission: Rights = None,
    model: Models = None,
    provider: Providers = None,
    protocol: Protocols = None,
    network: Networks = None,
    budget: Money = None,
    requests: Requests = None,
    tokens: Tokens = None,
    owner: Owner = None,
    expires: Expires = None,
    clear: Annotated[
        list[str] | None, typer.Option(metavar="WHAT", help=words("cli.keys.clear", what=" ".join(_CLEARABLE)))
    ] = None,
) -> int:
    unknown = sorted(set(clear or ()) - set(_CLEARABLE))
    if unknown:
        raise CommandFailed(words("cli.keys.bad_clear", what=unknown[0], known=" ".join(_CLEARABLE)), exits.USAGE)
    lists = {"models": model, "providers": provider, "protocols": protocol, "networks": network}
    wanted = KeyChange(
        name=name,
        owner=owner,
        permissions=frozenset(permission) if permission else None,
        lists={field: tuple(values) for field, values in lists.items() if values},
        budgets=_budgets(budget or ()),
        requests_per_minute=requests,
        tokens_per_minute=tokens,
        expires_in=_seconds(expires),
        clear=frozenset(clear or ()),
    )

    async def change(keys: backends.Keys) -> tuple[Key, Sequence[Standing]]:
        changed = await keys.update(key, wanted)
        return changed, await keys.standing(changed)

    return _show(context, *_with_keys(context.obj, change))


@command(app, "cli.keys.show", "show")
def show(context: typer.Context, key: Which) -> int:
    async def read(keys: backends.Keys) -> tuple[Key, Sequence[Standing]]:
        found = await keys.get(key)
        return found, await keys.standing(found)

    return _show(context, *_with_keys(context.obj, read))


@command(app, "cli.keys.list", "list")
def list_keys(
    context: typer.Context,
    revoked: Annotated[bool, typer.Option("--revoked", help=words("cli.keys.revoked"))] = False,
) -> int:
    invocation: Invocation = context.obj

    async def read(keys: backends.Keys) -> list[tuple[Key, Sequence[Standing]]]:
        return [(key, await keys.standing(key)) for key in await keys.list(revoked)]

    found = _with_keys(invocation, read)
    columns = ("name", "id", "hint", "owner", "permissions", "models", "budgets", "created", "expires", "used")
    titles = [words(f"cli.keys.column.{column}") for column in columns]
    table = Table(titles, [_row(key, standings) for key, standings in found])
    invocation.output.show({"keys": [_as_document(key, standings) for key, standings in found]}, table)
    return exits.OK


@command(app, "cli.keys.revoke", "revoke")
def revoke(context: typer.Context, key: Which) -> int:
    invocation: Invocation = context.obj

    async def end(keys: backends.Keys) -> Key:
        return await keys.revoke(key)

    ended = _with_keys(invocation, end)
    line = Toned(words("cli.keys.ended", name=ended.name, id=ended.id), "green")
    invocation.output.show(_as_document(ended, ()), line)
    return exits.OK


def _with_keys(invocation: Invocation, work: Callable[[backends.Keys], Awaitable[Answer]]) -> Answer:
    async def run() -> Answer:
        async with backends.open_keys(invocation.launch) as keys:
            return await work(keys)

    return asyncio.run(run())


def _show(context: typer.Context, key: Key, standings: Sequence[Standing]) -> int:
    invocation: Invocation = context.obj
    limits = key.limits
    rows = [
        ("name", key.name),
        ("id", key.id),
        ("hint", key.hint),
        ("owner", key.owner),
        ("parent", key.parent_id or ""),
        ("permissions", " ".join(sorted(key.permissions))),
        *((name, " ".join(getattr(limits, name)) or "*") for name in ("models", "providers", "protocols", "networks")),
        ("created", moment(key.created_at)),
        ("expires", moment(key.expires_at)),
        ("used", moment(key.last_used_at)),
    ]
    facts = Table(("", ""), [(words(f"cli.keys.column.{name}"), value) for name, value in rows if value])
    columns = ("budget", "spent", "reserved", "left", "resets", "of")
    budgets = Table([words(f"cli.keys.column.{name}") for name in columns], [_budget_row(s, key) for s in standings])
    invocation.output.show(_as_document(key, standings), facts, *((budgets,) if standings else ()))
    return exits.OK


def _seconds(text: str | None) -> float | None:
    """`90d`, `12h`, `30m` as seconds."""
    if text is None:
        return None
    found = re.fullmatch(r"([1-9]\d{0,6})([smhdw])", text)
    if found is None:
        raise CommandFailed(words("cli.keys.bad_time", text=text), exits.USAGE)
    return float(int(found[1]) * _UNITS[found[2]])


def _budgets(texts: Sequence[str]) -> tuple[Budget, ...]:
    """What `--budget` gives."""
    from crawdad.core.errors import GatewayError
    from crawdad.services.budgets.notation import parse_budget

    found = []
    for text in texts:
        try:
            found.append(parse_budget(text))
        except GatewayError:
            raise CommandFailed(words("budgets.bad_notation", text=text), exits.USAGE) from None
    return tuple(found)


def _as_document(key: Key, standings: Sequence[Standing]) -> dict[str, Any]:
    limits = key.limits
    return {
        "id": key.id,
        "name": key.name,
        "hint": key.hint,
        "owner": key.owner,
        "parent_id": key.parent_id,
        "permissions": sorted(key.permissions),
        "models": list(limits.models),
        "providers": list(limits.providers),
        "protocols": list(limits.protocols),
        "networks": list(limits.networks),
        "requests_per_minute": limits.requests_per_minute,
        "tokens_per_minute": limits.tokens_per_minute,
        "budgets": [_budget_document(standing) for standing in standings],
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "last_used_at": key.last_used_at,
    }


def _budget_document(standing: Standing) -> dict[str, Any]:
    budget = standing.budget
    return {
        "unit": budget.unit,
        "period": budget.period,
        "limit": budget.limit,
        "used": standing.used,
        "reserved": standing.reserved,
        "left": standing.left,
        "resets_at": standing.resets_at,
        "key_id": budget.subject.removeprefix("key:"),
    }


def _budget_row(standing: Standing, key: Key) -> tuple[str | Toned, ...]:
    from crawdad.services.budgets.notation import written

    budget = standing.budget
    owner = budget.subject.removeprefix("key:")
    left = standing.left
    return (
        written(budget),
        _amount(standing.used),
        _amount(standing.reserved),
        Toned(_amount(left), "red") if left is not None and left <= 0 else _amount(left),
        moment(standing.resets_at),
        "" if owner == key.id else owner,
    )


def _amount(value: float | None) -> str:
    return "" if value is None else f"{value:,.6f}".rstrip("0").rstrip(".")


def _row(key: Key, standings: Sequence[Standing]) -> tuple[str | Toned, ...]:
    from crawdad.services.budgets.notation import written

    budgets = [
        written(s.budget) if s.used is None else f"{_amount(s.used)} / {written(s.budget)}"
        for s in standings
        if s.budget.subject in ("", f"key:{key.id}")
    ]
    return (
        Toned(key.name, "dim strike") if key.revoked_at else key.name,
        key.id,
        key.hint,
        key.owner,
        " ".join(sorted(key.permissions)),
        " ".join(key.limits.models) or "*",
        ", ".join(budgets),
        moment(key.created_at),
        moment(key.expires_at),
        moment(key.last_used_at),
    )
