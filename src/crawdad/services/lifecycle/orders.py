"""Stopping, starting and restarting as tasks that everybody can see."""

from __future__ import annotations

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.tasks import Report, Task, TaskFilter, TaskOrder
from crawdad.core.text import Text
from crawdad.services.lifecycle.request import Action, Phase
from crawdad.services.lifecycle.service import Lifecycle
from crawdad.services.task_board import TaskBoard

_LOOK_SECONDS = 0.5
_PROGRESS: dict[Phase, int] = {"accepted": 5, "draining": 20, "stopped": 60, "entering": 80, "done": 99, "failed": 99}
_DONE: dict[Action, str] = {"start": "Started", "stop": "Stopped", "restart": "Restarted"}


class LifecycleOrders:
    """What people order of the lifecycle."""

    def __init__(self, board: TaskBoard, lifecycle: Lifecycle) -> None:
        self._board = board
        self._lifecycle = lifecycle

    async def order(self, action: Action, owner: str) -> Task:
        """Have it done, as a task whose result is `{message}`. Whoever wants what is under way already shares its task. Raises
        CONFLICT while another action is under way."""
        kind = f"gateway.{action}"
        title = Text(f"lifecycle.task.{action}")

        async def work(report: Report) -> JsonObject:
            return await self._fulfil(action, owner, report)

        try:
            return await self._board.start(TaskOrder(kind, title, exclusive="gateway", owner=owner), work)
        except GatewayError as error:
            if error.kind is not ErrorKind.CONFLICT:
                raise
            running = (await self._board.page(TaskFilter(kind, "running"), 1)).tasks
            if not running:
                raise
            return running[0]

    async def _fulfil(self, action: Action, reason: str, report: Report) -> JsonObject:
        request = await self._lifecycle.ask(action, reason)
        while request.status == "running":
            report.progress(_PROGRESS[request.phase])
            await self._lifecycle.wait(_LOOK_SECONDS)
        if request.status == "failed":
            values = {"error": request.error}
            raise GatewayError(ErrorKind.INTERNAL, Text("lifecycle.failed", values), {"code": "lifecycle_failed"})
        return {"message": _DONE[action]}
