"""Asking a gateway by the contract's routes."""

from __future__ import annotations

from typing import Any

import httpx

from tests.support.server import Gateway
from tests.support.waiting import PATIENCE


class Buddy:
    """Somebody who holds a credential; without one given, the gateway's token."""

    def __init__(self, gateway: Gateway, credential: str | None = None) -> None:
        self.gateway = gateway
        self.headers = {"authorization": f"Bearer {credential or gateway.token}"}

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """One request."""
        if body is not None:
            options["json"] = body
        headers = {**self.headers, **options.pop("headers", {})}
        return httpx.request(method, self.gateway.base_url + path, headers=headers, timeout=PATIENCE, **options)

    def get(self, path: str, **query: Any) -> Any:
        """The data of a 200."""
        return self.good(self.ask("GET", path, params=query))

    def done(self, method: str, path: str, body: Any = None, **options: Any) -> dict[str, Any]:
        """The data of a change that was made while we waited."""
        data = self.good(self.ask(method, path, body, **options))
        assert data["status"] == "success", data
        assert data["taskID"], data
        found: dict[str, Any] = data
        return found

    def good(self, answer: httpx.Response) -> Any:
        """The data of an answer, where it is a 200 in the envelope."""
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert (set(body), body["code"], body["message"]) == ({"code", "message", "data"}, 200, "success"), body
        return body["data"]

    def refused(self, status: int, method: str, path: str, body: Any = None, **options: Any) -> dict[str, Any]:
        """The body of a failure."""
        answer = self.ask(method, path, body, **options)
        found: dict[str, Any] = answer.json()
        assert (answer.status_code, found["code"]) == (status, status), answer.text
        assert found["message"] == found["error"] != ""
        return found

    def key(self, *permissions: str) -> Buddy:
        """Somebody who may do that, and no more."""
        order = {"name": "p-" + "-".join(permissions), "permissions": list(permissions)}
        made = self.ask("POST", "/api/keys", order)
        assert made.status_code in (200, 201), made.text
        return Buddy(self.gateway, made.json()["key"])
