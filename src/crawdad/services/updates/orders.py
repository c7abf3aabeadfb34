"""Updates as tasks, for whoever does not wait."""

from __future__ import annotations

from dataclasses import asdict

from crawdad.core.parts import JsonObject
from crawdad.core.tasks import Report, Task, TaskFilter, TaskOrder
from crawdad.core.text import Text
from crawdad.services.task_board import TaskBoard
from crawdad.services.updates.service import Updates

RUN = "update.run"


class UpdateOrders:
    """Starts them on the board of tasks, one at a time."""

    def __init__(self, board: TaskBoard, updates: Updates) -> None:
        self.board, self.updates = board, updates

    async def run(self, owner: str) -> Task:
        """Update. Raises CONFLICT where something else brings newer versions, or an update is under way."""
        self.updates.need_own()

        async def work(report: Report) -> JsonObject:
            return asdict(await self.updates.run(report))

        order = TaskOrder(RUN, Text("updates.task.run"), self.updates.version, "update", owner)
        return await self.board.start(order, work)

    async def last(self) -> Task | None:
        """The last order."""
        page = await self.board.page(TaskFilter(RUN), 1)
        return page.tasks[0] if page.tasks else None
