"""`/api/tasks`: work that takes a while, the newest first."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from crawdad.api.console.context import Console
from crawdad.api.management.contract_route import language_of
from crawdad.core.identity import Permission
from crawdad.core.tasks import Task, TaskFilter, TaskStatus, task_fields


class LineTold(BaseModel):
    """What a task said. `at` is in Unix seconds."""

    at: float
    text: str


class TaskTold(BaseModel):
    """A task. Times are Unix seconds, `progress` is 0 to 100; `logDropped` counts older lines that are not kept."""

    id: str
    kind: str
    title: str
    target: str
    status: TaskStatus
    progress: int
    owner: str
    startedAt: float
    updatedAt: float
    endedAt: float | None
    result: dict[str, Any] | None
    error: str | None
    log: list[LineTold]
    logDropped: int


class TasksTold(BaseModel):
    """A page of tasks; `cursor` leads to the next one (null: there is none)."""

    tasks: list[TaskTold]
    cursor: str | None


def task_routes(router: APIRouter, context: Console) -> None:
    """Add the routes."""
    board = context.tasks
    may_read = Depends(context.need(Permission.SYSTEM_READ))
    may_change = Depends(context.need(Permission.SYSTEM_MANAGE))

    @router.get("/api/tasks", dependencies=[may_read])
    async def list_tasks(
        request: Request,
        kind: Annotated[str, Query(max_length=100)] = "",
        status: TaskStatus | None = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 20,
        cursor: Annotated[str | None, Query(max_length=100)] = None,
    ) -> TasksTold:
        page = await board.page(TaskFilter(kind, status), limit, cursor)
        return TasksTold(tasks=[_told(task, request) for task in page.tasks], cursor=page.cursor)

    @router.get("/api/tasks/{task_id}", dependencies=[may_read])
    async def read_task(task_id: str, request: Request) -> TaskTold:
        return _told(await board.get(task_id), request)

    @router.post("/api/tasks/{task_id}/cancel", dependencies=[may_change])
    async def cancel_task(task_id: str, request: Request) -> TaskTold:
        return _told(await board.cancel(task_id), request)


def _told(task: Task, request: Request) -> TaskTold:
    return TaskTold(**task_fields(task, language_of(request)))
