"""What changes something by way of a task: the answer waits a moment for its end, and goes before it where that is far off."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response

from crawdad.api.buddy.envelope import accepted, success
from crawdad.api.management.contract_route import language_of
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.tasks import Report, TaskOrder, Work
from crawdad.core.text import Text
from crawdad.services.task_board import TaskBoard

WAIT_SECONDS = 2.0


async def changed(
    board: TaskBoard, request: Request, order: TaskOrder, work: Work, done: Text
) -> dict[str, Any] | Response:
    """Do `work` as a task. 200 `{status, message, taskID}` and what the work tells besides where it is done in time; 202
    `{taskID}` where it is not, or where the client does not want to wait (`Prefer: respond-async`, `?async=true`). Raises what
    the work raised, CONFLICT where it was cancelled."""
    faults: list[GatewayError] = []

    async def told(report: Report) -> JsonObject | None:
        try:
            return {"message": done.render(language), **(await work(report) or {})}
        except GatewayError as error:
            faults.append(error)  # a task keeps the words alone, and the answer needs the kind as well
            raise

    language = language_of(request)
    task = await board.start(order, told)
    if not _wants_no_wait(request):
        task = await board.wait(task.id, WAIT_SECONDS)
    if faults:
        raise faults[0]
    if task.status == "succeeded":
        return success({"status": "success", **(task.result or {}), "taskID": task.id})
    if task.is_over:
        kind = ErrorKind.INTERNAL if task.status == "failed" else ErrorKind.CONFLICT
        raise GatewayError(kind, task.error or "", {"code": f"task_{task.status}"})
    return accepted(Text("buddy.accepted").render(language), task.id)


def _wants_no_wait(request: Request) -> bool:
    wishes = [wish.strip().lower() for wish in request.headers.get("prefer", "").split(",")]
    return "respond-async" in wishes or request.query_params.get("async", "").lower() in ("1", "true")
