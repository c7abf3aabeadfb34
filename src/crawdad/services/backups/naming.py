"""The names of backups: their moment. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from crawdad.core.backups import Backup
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

LATEST = "latest"


def moment_name(seconds: float) -> str:
    """UTC with milliseconds, safe in a file name: `2026-11-20T17-21-59-660Z`."""
    at = datetime.fromtimestamp(round(seconds * 1000) / 1000, UTC)
    return at.strftime("%Y-%m-%dT%H-%M-%S-") + f"{at.microsecond // 1000:03d}Z"


def free_name(seconds: float, taken: Collection[str]) -> str:
    """The name of that moment, or of the first millisecond after it that is free."""
    while (name := moment_name(seconds)) in taken:
        seconds += 0.001
    return name


def named(backups: Sequence[Backup], wanted: str) -> Backup:
    """The backup called so, or the only one whose name begins so, or the newest (`latest`). Raises NOT_FOUND, BAD_REQUEST."""
    if wanted == LATEST and backups:
        return backups[0]
    found = [backup for backup in backups if wanted and backup.id.startswith(wanted)]
    exact = next((backup for backup in found if backup.id == wanted), None)
    if exact is not None or len(found) == 1:
        return exact or found[0]
    if found:
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("backups.ambiguous", {"id": wanted[:64], "count": len(found)}))
    text = Text("backups.not_found", {"id": wanted[:64]})
    raise GatewayError(ErrorKind.NOT_FOUND, text, {"code": "backup_not_found"})
