"""Backups and restores as tasks, for whoever does not wait."""

from __future__ import annotations

from collections.abc import Sequence

from crawdad.core.backups import PARTS, BackupKind, Part
from crawdad.core.parts import JsonObject
from crawdad.core.switches import Switch
from crawdad.core.tasks import Report, Task, TaskOrder
from crawdad.core.text import Text
from crawdad.services.backups.fields import backup_fields, verified_fields
from crawdad.services.backups.restoring import Restores
from crawdad.services.backups.service import Backups
from crawdad.services.task_board import TaskBoard

_EXCLUSIVE = "backup"


class BackupOrders:
    """Starts them on the board of tasks, one at a time."""

    def __init__(self, board: TaskBoard, backups: Backups, restores: Restores) -> None:
        self.board, self.backups, self._restores = board, backups, restores

    async def create(self, kind: BackupKind, owner: str) -> Task:
        """Make a backup. Raises CONFLICT while another task is about backups."""

        async def work(report: Report) -> JsonObject:
            return backup_fields(await self.backups.create(kind, "manual", report))

        order = TaskOrder("backup.create", Text("backups.task.create"), kind, _EXCLUSIVE, owner)
        return await self.board.start(order, work)

    async def verify(self, wanted: str, owner: str, language: str = "en") -> Task:
        """Look through one; that it is damaged is the task's result, and no failure. Raises NOT_FOUND, CONFLICT."""
        backup = await self.backups.find(wanted)

        async def work(_: Report) -> JsonObject:
            found = await self.backups.verify(backup.id)
            return verified_fields(found.backup, found.faults, language)

        title = Text("backups.task.verify", {"id": backup.id})
        return await self.board.start(TaskOrder("backup.verify", title, backup.id, _EXCLUSIVE, owner), work)

    async def standing(self, switch: str) -> Switch | None:
        """How that stands which puts in place what a restore has ordered (`result.switch` of its task)."""
        return await self._restores.standing(switch)

    async def restore(self, wanted: str, owner: str, parts: Sequence[Part] = PARTS) -> Task:
        """Put one back. Raises NOT_FOUND, CONFLICT."""
        backup = await self.backups.find(wanted)

        async def work(report: Report) -> JsonObject:
            restored = await self._restores.restore(backup.id, parts, report)
            undo = restored.safety.id if restored.safety is not None else None
            return {"backup": backup.id, "outcome": restored.performed, "undo": undo, "switch": restored.switch or None}

        title = Text("backups.task.restore", {"id": backup.id})
        return await self.board.start(TaskOrder("backup.restore", title, backup.id, _EXCLUSIVE, owner), work)
