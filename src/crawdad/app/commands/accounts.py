"""`crawdad accounts`: the accounts of this installation. Keys are never arguments: other users of the machine see those."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from crawdad.app import exits
from crawdad.app.commands import backends
from crawdad.app.commands.accounts_login import add_login
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import CommandFailed, Invocation
from crawdad.app.output import Table, Toned, moment
from crawdad.app.words import LANGUAGE, words

if TYPE_CHECKING:
    from crawdad.core.accounts import Account
    from crawdad.services.accounts.services import AccountServices

app = application("accounts", no_args_is_help=True)
Result = TypeVar("Result")
_NAME = Annotated[str, typer.Argument(metavar="ACCOUNT", help=words("cli.accounts.id_or_label"))]
_NAMES = Annotated[list[str], typer.Argument(metavar="ACCOUNT...", help=words("cli.accounts.ids_or_labels"))]
_TEST_STYLES = {True: "green", False: "red", None: "yellow"}
_NO_CHECK = Annotated[bool, typer.Option("--no-check", help=words("cli.accounts.no_check"))]


@command(app, "cli.accounts.list", "list")
def list_accounts(context: typer.Context) -> int:
    invocation: Invocation = context.obj

    async def read(services: AccountServices) -> list[dict[str, Any]]:
        snapshot = services.pool.snapshot
        return [_document(services, account, snapshot.current) for account in await services.registry.all()]

    documents = _run(invocation, read)
    columns = ("label", "provider", "state", "quota", "models", "used", "id")
    titles = [words(f"cli.accounts.column.{column}") for column in columns]
    invocation.output.show({"accounts": documents}, Table(titles, [_row(document) for document in documents]))
    return exits.OK


@command(app, "cli.accounts.add", "add")
def add(
    context: typer.Context,
    provider: Annotated[str, typer.Argument(help=words("cli.accounts.provider"))],
    label: Annotated[str, typer.Option(help=words("cli.accounts.label"))] = "",
    base_url: Annotated[str | None, typer.Option(metavar="URL", help=words("cli.accounts.base_url"))] = None,
    model: Annotated[list[str] | None, typer.Option(metavar="MODEL", help=words("cli.accounts.model"))] = None,
    key_env: Annotated[str | None, typer.Option(metavar="NAME", help=words("cli.accounts.key_env"))] = None,
    no_check: _NO_CHECK = False,
) -> int:
    from crawdad.services.accounts.documents import order_of
    from crawdad.services.accounts.vendors import LOCAL, provider_id_of

    invocation: Invocation = context.obj
    entry: dict[str, Any] = {"provider": provider, "label": label, "base_url": base_url, "models": model or []}
    if provider_id_of(provider, base_url) not in LOCAL or key_env:
        entry["secret"] = _secret(invocation, key_env)
    order = order_of(entry, not no_check)

    async def make(services: AccountServices) -> dict[str, Any]:
        account = await services.registry.add(order, _operator())
        return _document(services, account, services.pool.snapshot.current)

    document = _run(invocation, make)
    invocation.output.show(document, Toned(words("cli.accounts.added", label=document["label"]), "green"))
    return exits.OK


add_login(app)


@command(app, "cli.accounts.remove", "remove")
def remove(context: typer.Context, accounts: _NAMES) -> int:
    async def end(services: AccountServices, account: Account) -> None:
        await services.registry.remove(account.id, _operator())

    return _each(context.obj, accounts, end, "cli.accounts.removed")


@command(app, "cli.accounts.pause", "pause")
def pause(
    context: typer.Context,
    accounts: _NAMES,
    reason: Annotated[str | None, typer.Option(help=words("cli.accounts.reason"))] = None,
) -> int:
    async def stop(services: AccountServices, account: Account) -> None:
        await services.registry.pause(account.id, False, reason, _operator())

    return _each(context.obj, accounts, stop, "cli.accounts.paused")


@command(app, "cli.accounts.resume", "resume")
def resume(context: typer.Context, accounts: _NAMES) -> int:
    async def go(services: AccountServices, account: Account) -> None:
        await services.registry.pause(account.id, True, None, _operator())

    return _each(context.obj, accounts, go, "cli.accounts.resumed")


@command(app, "cli.accounts.reorder", "reorder")
def reorder(context: typer.Context, accounts: _NAMES) -> int:
    invocation: Invocation = context.obj

    async def order(services: AccountServices) -> list[str]:
        ids = [(await services.registry.find(name)).id for name in accounts]
        await services.registry.reorder(ids, _operator())
        return [account.label for account in await services.registry.all()]

    labels = _run(invocation, order)
    invocation.output.show({"order": labels}, *[f"{number}. {label}" for number, label in enumerate(labels, 1)])
    return exits.OK


@command(app, "cli.accounts.test", "test")
def test(context: typer.Context, account: _NAME) -> int:
    from crawdad.services.accounts.refreshing import TEST_RESULTS

    invocation: Invocation = context.obj

    async def look(services: AccountServices) -> tuple[str, bool | None]:
        found = await services.registry.find(account)
        return found.label, await services.refreshing.test(found)

    label, taken = _run(invocation, look)
    line = Toned(words(TEST_RESULTS[taken], label=label), _TEST_STYLES[taken])
    invocation.output.show({"label": label, "refused": taken is False, "taken": taken}, line)
    return exits.PROBLEM if taken is False else exits.OK


@command(app, "cli.accounts.refresh", "refresh")
def refresh(context: typer.Context) -> int:
    invocation: Invocation = context.obj

    async def look(services: AccountServices) -> dict[str, Any]:
        stats = await services.refreshing.all()
        return {"total": stats.total, "success": stats.success, "failed": stats.failed, "details": stats.details}

    stats = _run(invocation, look)
    line = words("accounts.tested", success=stats["success"], total=stats["total"])
    invocation.output.show(stats, line, *[Toned(detail, "red") for detail in stats["details"]])
    return exits.PROBLEM if stats["failed"] else exits.OK


@command(app, "cli.accounts.export", "export")
def export(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help=words("cli.accounts.export_file"))] = "-",
    secrets: Annotated[bool, typer.Option("--secrets", help=words("cli.accounts.secrets"))] = False,
) -> int:
    invocation: Invocation = context.obj

    async def give(services: AccountServices) -> dict[str, Any]:
        return await services.transfer.give_out(None, secrets, _operator())

    document = _run(invocation, give)
    if file == "-":
        print(json.dumps(document, ensure_ascii=False, indent=2))
        return exits.OK
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
        json.dump(document, opened, ensure_ascii=False, indent=2)
    count = len(document["accounts"])
    line = words("cli.accounts.exported", count=count, file=file)
    invocation.output.show({"accounts": count, "file": file, "secrets": secrets}, Toned(line, "green"))
    return exits.OK


@command(app, "cli.accounts.import", "import")
def take_in(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help=words("cli.accounts.import_file"))],
    no_check: _NO_CHECK = False,
) -> int:
    invocation: Invocation = context.obj
    path = Path(file)
    folder = str(path.resolve().parent)

    async def take(services: AccountServices) -> dict[str, Any]:
        from crawdad.store.older_accounts import read_older

        if file == "-":
            document: Any = sys.stdin.read()
        else:
            document = await asyncio.to_thread(read_older, path.name, folder)
        result = await services.transfer.take_in(document, _operator(), not no_check)
        return {
            "imported": result.imported,
            "skipped": result.skipped,
            "failed": len(result.failures),
            "details": result.details(LANGUAGE),
        }

    found = _run(invocation, take)
    counts = {name: found[name] for name in ("imported", "skipped", "failed")}
    invocation.output.show(found, words("cli.accounts.imported", **counts), *found["details"])
    return exits.PROBLEM if found["failed"] else exits.OK


def _run(invocation: Invocation, work: Callable[[AccountServices], Awaitable[Result]]) -> Result:
    async def within() -> Result:
        async with backends.open_accounts(invocation.launch) as services:
            return await work(services)

    return asyncio.run(within())


def _each(
    invocation: Invocation,
    names: list[str],
    work: Callable[[AccountServices, Account], Awaitable[None]],
    done: str,
) -> int:
    """Do something to each of the named accounts: to none when one of the names is unknown."""

    async def all_of_them(services: AccountServices) -> list[str]:
        found = [await services.registry.find(name) for name in dict.fromkeys(names)]
        for account in found:
            await work(services, account)
        return [account.label for account in found]

    labels = _run(invocation, all_of_them)
    invocation.output.show({"accounts": labels}, *[Toned(words(done, label=label), "green") for label in labels])
    return exits.OK


def _operator() -> Any:
    from crawdad.app.stored import OPERATOR

    return OPERATOR


def _secret(invocation: Invocation, key_env: str | None) -> str:
    """The key: of an environment variable, typed unseen, or the first line of what is piped in."""
    if key_env is not None:
        value = invocation.launch.environment.get(key_env, "")
    elif sys.stdin.isatty():
        from getpass import getpass

        value = getpass(words("cli.accounts.key_prompt") + " ")
    else:
        value = sys.stdin.readline()
    if not value.strip():
        raise CommandFailed(words("cli.accounts.no_key"), exits.USAGE)
    return value.strip()


def _document(services: AccountServices, account: Account, current: str | None) -> dict[str, Any]:
    quota = services.refreshing.known_quota(account)
    return {
        "id": account.id,
        "label": account.label,
        "provider": account.provider,
        "kind": account.kind,
        "current": account.id == current,
        "disabled_reason": account.disabled_reason,
        "paused": account.paused_at is not None,
        "paused_reason": account.paused_reason,
        "refused": quota is not None and quota.forbidden,
        "models": list(account.models),
        "quota": {model.name: model.percentage for model in quota.models} if quota else {},
        "locks": [lock.key[1] or "*" for lock in services.pool.locks.all() if lock.key[0] == account.id],
        "priority": account.position,
        "last_used_at": account.last_used_at,
    }


def _row(document: dict[str, Any]) -> tuple[str | Toned, ...]:
    state: str | Toned = Toned(words("cli.accounts.ready"), "green")
    if document["disabled_reason"]:
        state = Toned(words("cli.accounts.disabled"), "red")
    elif document["paused"]:
        state = Toned(words("cli.accounts.is_paused"), "dim")
    elif document["refused"]:
        state = Toned(words("cli.accounts.refused"), "red")
    elif document["locks"]:
        state = Toned(words("cli.accounts.rests", models=" ".join(document["locks"][:3])), "yellow")
    left = min(document["quota"].values(), default=None)
    return (
        document["label"] + (" *" if document["current"] else ""),
        document["provider"],
        state,
        "" if left is None else f"{left} %",
        " ".join(document["models"][:5]) or "*",
        moment(document["last_used_at"]),
        document["id"],
    )
