"""`work.*`: work that takes a while. Methods of Crawdad's own (OpenClaw's `tasks.*` are others); the event is `work`."""

from __future__ import annotations

from typing import Any

from crawdad.api.control.context import Control
from crawdad.api.control.registry import Asked, Method
from crawdad.core.parts import JsonObject
from crawdad.core.tasks import Task, TaskFilter, task_fields
from crawdad.services.task_board import TaskBoard
from crawdad.wire.control.schema import FILLED, STRING, Schema, closed, integer
from crawdad.wire.control.scopes import ADMIN, READ

TIMEOUT: dict[str, Schema] = {"timeoutMs": integer(0)}
"""The param of those who wait for a task."""
_LONGEST_SECONDS = 600.0


async def awaited(board: TaskBoard, task_id: str, params: JsonObject) -> Task:
    """How a task stands once it is over, or after the `timeoutMs` of `params`."""
    return await board.wait(task_id, min(params.get("timeoutMs", 0) / 1000, _LONGEST_SECONDS))


def methods(control: Control) -> list[Method]:
    """The methods of this subject."""
    board = control.tasks

    async def listed(asked: Asked) -> Any:
        params = asked.params
        page = await board.page(TaskFilter(params.get("kind", "")), params.get("limit", 20), params.get("cursor"))
        return {"tasks": [task_fields(task, asked.language) for task in page.tasks], "cursor": page.cursor}

    async def get(asked: Asked) -> Any:
        return task_fields(await awaited(board, asked.params["id"], asked.params), asked.language)

    async def cancel(asked: Asked) -> Any:
        return task_fields(await board.cancel(asked.params["id"]), asked.language)

    one = closed({"id": FILLED}, "id")
    page = closed({"kind": STRING, "limit": integer(1), "cursor": FILLED})
    wanted = closed({"id": FILLED, **TIMEOUT}, "id")
    told = "{id, kind, title, status, progress, log[], result, error, …}"
    return [
        Method("work.list", READ, listed, page, "{tasks[], cursor}"),
        Method("work.get", READ, get, wanted, told),
        Method("work.cancel", ADMIN, cancel, one, told),
    ]
