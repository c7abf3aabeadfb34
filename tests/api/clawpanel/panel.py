"""Somebody who signed in to the panel of a gateway."""

from __future__ import annotations

from typing import Any

import httpx

from tests.support.server import Gateway
from tests.support.waiting import PATIENCE


class Panel:
    """Asks the contract's routes with a token that it signed in for."""

    def __init__(self, gateway: Gateway, credential: str | None = None) -> None:
        self.gateway = gateway
        self.client = httpx.Client(base_url=gateway.base_url, timeout=PATIENCE)
        answer = self.client.post("/api/auth/login", json={"token": credential or gateway.token})
        assert answer.status_code == 200, answer.text
        self.token: str = answer.json()["token"]
        self.client.headers["authorization"] = f"Bearer {self.token}"

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """One request."""
        if body is not None:
            options["json"] = body
        return self.client.request(method, path, **options)

    def get(self, path: str, /, **query: Any) -> Any:
        """The answer's JSON, where it is a 200 that says `ok`."""
        answer = self.ask("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert found["ok"] is True, found
        return found

    def close(self) -> None:
        """Let go of the connection."""
        self.client.close()
