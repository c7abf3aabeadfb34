"""An administrator of a running gateway, and the clients whose requests it looks at."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson

from tests.attacks.clients import Client, request
from tests.support.server import Gateway
from tests.support.waiting import PATIENCE

ADMIN = "cd-admin-token-0123456789abcdef"
AS_ADMIN = {"x-admin-token": ADMIN}


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


class Administrator:
    """Asks the management routes. `headers` prove who asks."""

    def __init__(self, gateway: Gateway, headers: dict[str, str] | None = None) -> None:
        self.gateway = gateway
        self.headers = AS_ADMIN if headers is None else headers

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, **query: Any
    ) -> Answer:
        with self.open(method, path, body, headers, **query) as answer:
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())

    def get(self, path: str, **query: Any) -> Any:
        """The JSON of a GET that must succeed."""
        answer = self.ask("GET", path, **query)
        assert answer.status == 200, (path, query, answer)
        return answer.json

    @contextmanager
    def open(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, **query: Any
    ) -> Iterator[http.client.HTTPResponse]:
        connection = http.client.HTTPConnection("127.0.0.1", self.gateway.port, timeout=PATIENCE)
        url = f"{path}?{urlencode(query)}" if query else path
        content = body if body is None or isinstance(body, bytes) else orjson.dumps(body)
        sent = {"content-type": "application/json", **(self.headers if headers is None else headers)}
        try:
            connection.request(method, url, content, sent)
            yield connection.getresponse()
        finally:
            connection.close()

    def talk(self, client: Client, model: str, headers: dict[str, str] | None = None, **more: Any) -> Answer:
        """One request for a model's answer."""
        path, body = request(client, model, **more)
        return self.ask("POST", path, body, self.gateway.headers if headers is None else headers)
