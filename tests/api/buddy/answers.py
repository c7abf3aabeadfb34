"""Requests to the contract, and what its answers must look like."""

from __future__ import annotations

from typing import Any

import httpx

from tests.support.server import Gateway
from tests.support.waiting import PATIENCE, eventually


def ask(gateway: Gateway, method: str, path: str, **more: Any) -> httpx.Response:
    headers = {**gateway.headers, **more.pop("headers", {})}
    return httpx.request(method, f"{gateway.base_url}/v1/openclaw/{path}", headers=headers, timeout=PATIENCE, **more)


def told(answer: httpx.Response, status: int = 200) -> Any:
    """The data of an answer that went well."""
    body = answer.json()
    assert (answer.status_code, body["code"], set(body)) == (status, status, {"code", "message", "data"}), answer.text
    return body["data"]


def refused(answer: httpx.Response, status: int) -> str:
    """What the envelope of a failure says."""
    body = answer.json()
    assert (answer.status_code, body["code"], set(body)) == (status, status, {"code", "message", "error"}), answer.text
    assert body["message"] == body["error"]
    return str(body["message"])


def ended(gateway: Gateway, task: str) -> dict[str, Any]:
    """A task once it is over."""

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = httpx.get(
            f"{gateway.base_url}/api/tasks/{task}", headers=gateway.headers, timeout=PATIENCE
        ).json()
        return found if found["status"] != "running" else None

    return eventually(look, "the end of the task")
