"""How the contract wraps what it answers: `{code, message, data}`."""

from __future__ import annotations

from typing import Any

from fastapi.responses import JSONResponse


def success(data: Any) -> dict[str, Any]:
    """What went well. Lists are never null."""
    return {"code": 200, "message": "success", "data": data}


def accepted(message: str, task_id: str) -> JSONResponse:
    """What goes on as a task: 202 with `{taskID}`."""
    return JSONResponse({"code": 202, "message": message, "data": {"taskID": task_id}}, 202)
