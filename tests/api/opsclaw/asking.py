"""Asking a running gateway as a client of the OpsClaw contract does."""

from __future__ import annotations

from typing import Any, NamedTuple

import httpx

from tests.support.server import Gateway
from tests.support.waiting import PATIENCE

ADMIN = "cd-admin-token-0123456789abcdef"


class Told(NamedTuple):
    """An answer: its status, its JSON (None where there is none) and its headers."""

    status: int
    body: Any
    headers: httpx.Headers

    @property
    def error(self) -> str:
        """The contract's error text."""
        assert set(self.body) <= {"error", "code", "param"}, self.body
        text: str = self.body["error"]
        return text


class Client:
    """One caller with one credential."""

    def __init__(self, gateway: Gateway, token: str | None = None, header: str = "x-admin-token") -> None:
        self._gateway = gateway
        self._headers = {} if token is None else {header: token}

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Told:
        """One request on a connection of its own."""
        content = {} if body is None else {"content": body} if isinstance(body, bytes) else {"json": body}
        with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
            answer = client.request(
                method, self._gateway.base_url + path, headers={**self._headers, **(headers or {})}, **content
            )
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        return Told(answer.status_code, answer.json() if is_json and answer.content else None, answer.headers)

    def get(self, path: str, **headers: str) -> Told:
        """GET."""
        return self.ask("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, path: str, body: Any = None, **headers: str) -> Told:
        """POST with a JSON body, or raw bytes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if isinstance(body, bytes):
            named.setdefault("content-type", "application/json")
        return self.ask("POST", path, body, named)
