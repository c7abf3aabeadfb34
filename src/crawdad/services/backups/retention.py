"""Which backups have had their time. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from crawdad.core.backups import Backup
from crawdad.core.operation_settings import BackupRetention

DAY = 86_400.0
_SAFETY_KEPT = 3
"""How many of those that were made before something was replaced."""
_SAFETY = ("pre-restore", "pre-update")


def expired(backups: Iterable[Backup], kept: BackupRetention, now: float) -> list[str]:
    """The ids of those that go: beyond the number of their group, or too old. The newest of each group stays, and so does the
    newest whose configuration was free of errors."""
    newest_first = sorted(backups, key=lambda backup: (backup.created_at, backup.id), reverse=True)
    groups: dict[str, list[Backup]] = {}
    for backup in newest_first:
        groups.setdefault(_group(backup), []).append(backup)
    most = {"configuration": kept.configurations, "full": kept.snapshots, "safety": _SAFETY_KEPT}
    good = next((backup.id for backup in newest_first if backup.valid), "")
    gone = []
    for group, found in groups.items():
        for place, backup in enumerate(found):
            is_old = backup.created_at < now - kept.days * DAY
            if place and backup.id != good and (place >= most[group] or is_old):
                gone.append(backup.id)
    return gone


def _group(backup: Backup) -> str:
    return "safety" if backup.reason in _SAFETY else backup.kind
