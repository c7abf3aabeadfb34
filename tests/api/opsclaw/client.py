"""A plain HTTP client for the management contract."""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from typing import Any

import orjson

from tests.support.server import Gateway
from tests.support.waiting import PATIENCE


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return orjson.loads(self.body)


def call(
    gateway: Gateway,
    method: str,
    path: str,
    body: Any = None,
    headers: dict[str, str] | None = None,
    raw: bytes | None = None,
) -> Answer:
    """One request with the admin token, unless `headers` say otherwise."""
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=PATIENCE)
    sent = {"x-admin-token": gateway.token} if headers is None else dict(headers)
    content = raw if raw is not None else None if body is None else orjson.dumps(body)
    if content is not None:
        sent.setdefault("content-type", "application/json")
    try:
        connection.request(method, path, content, sent)
        answer = connection.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def chat(gateway: Gateway, model: str, text: str = "please say hello to everybody", **more: Any) -> Answer:
    """One chat completion."""
    body = {"model": model, "messages": [{"role": "user", "content": text}], **more}
    return call(gateway, "POST", "/v1/chat/completions", body, {"authorization": f"Bearer {gateway.token}"})
