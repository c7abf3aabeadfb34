"""What `crawdad backup` shows, of this installation or of another gateway: to programs the fields of
`services.backups.fields`, and to people the same in words."""

from __future__ import annotations

from typing import Any

from crawdad.app import exits
from crawdad.app.invocation import Invocation
from crawdad.app.output import Table, Toned, moment
from crawdad.app.words import words

Fields = dict[str, Any]


def show_created(invocation: Invocation, backup: Fields) -> int:
    """A backup that was made."""
    made = words("cli.backup.created", id=backup["id"], files=backup["files"], size=size(backup["size"]))
    lines = [Toned(made, "green")]
    if backup["database"] and "database" not in backup["parts"]:
        lines.append(Toned(words("backups.postgresql"), "yellow"))
    if backup["skipped"]:
        lines.append(Toned(words("cli.backup.skipped", count=backup["skipped"]), "yellow"))
    invocation.output.show(backup, *lines)
    return exits.OK


def show_list(invocation: Invocation, backups: list[Fields]) -> int:
    """All backups."""
    rows = [
        (
            *(each["id"], words(f"cli.backup.kind.{each['kind']}"), words(f"cli.backup.reason.{each['reason']}")),
            *(moment(each["created_at"]), str(each["files"]), size(each["size"]), ", ".join(each["parts"])),
        )
        for each in backups
    ]
    columns = ("id", "kind", "reason", "at", "files", "size", "parts")
    table = Table([words(f"cli.backup.column.{column}") for column in columns], rows)
    invocation.output.show({"backups": backups}, table)
    return exits.OK


def show_one(invocation: Invocation, backup: Fields) -> int:
    """A backup with its files."""
    rows = [
        (each["path"], size(each["size"]), words("cli.backup.sealed") if each["sealed"] else "")
        for each in backup["files_kept"]
    ]
    table = Table([words(f"cli.backup.column.{column}") for column in ("path", "size", "note")], rows)
    lines = [f"{name}: {value}" for name, value in backup.items() if name not in ("files_kept", "left_out", "texts")]
    invocation.output.show(backup, "\n".join(lines), "", table)
    return exits.OK


def show_verified(invocation: Invocation, found: Fields) -> int:
    """What a look through a backup found."""
    faults = found["faults"]
    lines = [Toned(f"{fault['path']}: {fault['problem']}".lstrip(": "), "red") for fault in faults]
    whole = Toned(words("cli.backup.whole", id=found["id"]), "green")
    invocation.output.show(found, *(lines or [whole]))
    return exits.PROBLEM if faults else exits.OK


def show_difference(invocation: Invocation, found: Fields) -> int:
    """What differs."""
    blocks: list[Any] = [found["diff"].rstrip("\n")] if found["diff"] else []
    blocks += [f"{words('cli.backup.change.' + each['change'])}  {each['path']}" for each in found["files"]]
    blocks += [Toned(words("cli.backup.secrets_differ"), "yellow")] if found["secrets_differ"] else []
    invocation.output.show(found, *(blocks or [words("cli.backup.same")]))
    return exits.OK


def show_deleted(invocation: Invocation, told: Fields) -> int:
    """That backups are gone."""
    line = words("cli.backup.deleted", count=told["deleted"], size=size(told["freed"]))
    invocation.output.show(told, Toned(line, "green"))
    return exits.OK


def size(count: int | None) -> str:
    """Bytes for people."""
    number = float(count or 0)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if number < 1024 or unit == "GiB":
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1024
    raise AssertionError
