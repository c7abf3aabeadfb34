"""The management routes, for what a test needs beside the window."""

from __future__ import annotations

from typing import Any

import httpx

from tests.support.server import Gateway
from tests.support.waiting import PATIENCE


def call(gateway: Gateway, method: str, path: str, body: object = None, token: str | None = None) -> Any:
    """The answer of a route to the operator, or to the holder of `token`."""
    headers = {"authorization": f"Bearer {token}"} if token else gateway.headers
    answer = httpx.request(method, gateway.base_url + path, json=body, headers=headers, timeout=PATIENCE)
    answer.raise_for_status()
    return answer.json() if answer.content else None


def ask(gateway: Gateway, model: str, token: str | None = None) -> None:
    """One request of a client; what becomes of it is in the log."""
    body = {"model": model, "messages": [{"role": "user", "content": f"Hello {model}"}]}
    headers = {"authorization": f"Bearer {token}"} if token else gateway.headers
    httpx.post(gateway.base_url + "/v1/chat/completions", json=body, headers=headers, timeout=PATIENCE)
