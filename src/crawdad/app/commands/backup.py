"""`crawdad backup`: make, list, look through, compare, delete, and carry away backups."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from crawdad.app import exits
from crawdad.app.commands import backends
from crawdad.app.commands.backup_shown import (
    show_created,
    show_deleted,
    show_difference,
    show_list,
    show_one,
    show_verified,
    size,
)
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import CommandFailed, Invocation
from crawdad.app.output import Toned
from crawdad.app.words import LANGUAGE, words

if TYPE_CHECKING:
    from crawdad.app.operations import Kept

app = application("backup", no_args_is_help=True)
ConfigOnly = Annotated[bool, typer.Option("--config-only", help=words("cli.backup.config_only"))]
Other = Annotated[str | None, typer.Argument(metavar="[BACKUP]", help=words("cli.backup.other"))]
Several = Annotated[list[str], typer.Argument(metavar="BACKUP...", help=words("cli.backup.id"))]
Which = Annotated[str, typer.Argument(metavar="BACKUP", help=words("cli.backup.id"))]
PASSPHRASE = "CRAWDAD_BACKUP_PASSPHRASE"
T = TypeVar("T")


def with_backups(invocation: Invocation, work: Callable[[Kept], Awaitable[T]]) -> T:
    """Do something with the backups of the installation."""

    async def run() -> T:
        async with backends.open_backups(invocation.launch) as kept:
            return await work(kept)

    return asyncio.run(run())


@command(app, "cli.backup.create", "create")
def create(context: typer.Context, config: ConfigOnly = False) -> int:
    from crawdad.services.backups.fields import backup_fields

    invocation: Invocation = context.obj
    kind: Any = "configuration" if config else "full"
    return show_created(
        invocation, backup_fields(with_backups(invocation, lambda kept: kept.backups.create(kind, "manual")))
    )


@command(app, "cli.backup.list", "list")
def list_backups(context: typer.Context) -> int:
    from crawdad.services.backups.fields import backup_fields

    invocation: Invocation = context.obj
    found = with_backups(invocation, lambda kept: kept.backups.listed())
    return show_list(invocation, [backup_fields(backup) for backup in found])


@command(app, "cli.backup.show", "show")
def show(context: typer.Context, backup: Which) -> int:
    from crawdad.services.backups.fields import manifest_fields

    invocation: Invocation = context.obj

    async def read(kept: Kept) -> Any:
        return manifest_fields(await kept.backups.read(backup), await kept.backups.shown(backup))

    return show_one(invocation, with_backups(invocation, read))


@command(app, "cli.backup.verify", "verify")
def verify(context: typer.Context, backup: Which) -> int:
    from crawdad.services.backups.fields import verified_fields

    invocation: Invocation = context.obj
    found = with_backups(invocation, lambda kept: kept.backups.verify(backup))
    return show_verified(invocation, verified_fields(found.backup, found.faults, LANGUAGE))


@command(app, "cli.backup.diff", "diff")
def diff(context: typer.Context, backup: Which, other: Other = None) -> int:
    from crawdad.services.backups.fields import comparison_fields

    invocation: Invocation = context.obj
    found = with_backups(invocation, lambda kept: kept.backups.compare(backup, other))
    return show_difference(invocation, comparison_fields(found))


@command(app, "cli.backup.delete", "delete")
def delete(context: typer.Context, backups: Several) -> int:
    from crawdad.services.backups.fields import deleted_fields

    invocation: Invocation = context.obj
    freed = with_backups(invocation, lambda kept: kept.backups.delete(backups))
    return show_deleted(invocation, deleted_fields(len(backups), freed))


@command(app, "cli.backup.export", "export")
def export(
    context: typer.Context,
    backup: Which,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=words("cli.backup.file"))],
    encrypt: Annotated[bool, typer.Option("--encrypt", help=words("cli.backup.encrypt"))] = False,
) -> int:
    invocation: Invocation = context.obj
    phrase = passphrase(invocation, again=True) if encrypt else None
    key_file = invocation.launch.home / "secret.key"
    key = key_file.read_text(encoding="ascii") if encrypt and key_file.exists() else None
    target = str(file.absolute())
    written = with_backups(invocation, lambda kept: kept.backups.export(backup, target, phrase, key))
    key_line = "cli.backup.with_key" if key else "cli.backup.without_key"
    lines = (Toned(words("cli.backup.exported", path=target, size=size(written)), "green"), words(key_line))
    invocation.output.show({"path": target, "size": written, "encrypted": encrypt, "key": key is not None}, *lines)
    return exits.OK


@command(app, "cli.backup.import", "import")
def take_in(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=words("cli.backup.file"))],
    decrypt: Annotated[bool, typer.Option("--decrypt", help=words("cli.backup.decrypt"))] = False,
) -> int:
    from crawdad.services.backups.fields import backup_fields

    invocation: Invocation = context.obj
    phrase = passphrase(invocation) if decrypt else None
    backup, key = with_backups(invocation, lambda kept: kept.backups.take_in(str(file.absolute()), phrase))
    placed = key is not None and _place_key(invocation, key)
    lines = [Toned(words("cli.backup.imported", id=backup.id), "green")]
    lines += [Toned(words("cli.backup.key_placed"), "green")] if placed else []
    invocation.output.show({**backup_fields(backup), "key_placed": placed}, *lines)
    return exits.OK


def passphrase(invocation: Invocation, *, again: bool = False) -> str:
    """From the environment, else from the terminal."""
    given = invocation.launch.environment.get(PASSPHRASE)
    if given:
        return given
    if not os.isatty(0):
        raise CommandFailed(words("cli.backup.no_passphrase", variable=PASSPHRASE), exits.USAGE)
    return str(typer.prompt(words("cli.backup.passphrase"), hide_input=True, confirmation_prompt=again))


def _place_key(invocation: Invocation, key: str) -> bool:
    """A home without a key takes the one that came along; another one is never replaced."""
    place = invocation.launch.home / "secret.key"
    try:
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key)
        file.flush()
        os.fsync(descriptor)
    return True
