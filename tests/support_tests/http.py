"""A plain HTTP client for the tests of the tests' own upstreams."""

from __future__ import annotations

from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import orjson

from tests.support.waiting import PATIENCE


@dataclass
class Answer:
    """A whole answer. Header names are lower-case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return orjson.loads(self.body)


def connect(origin: str) -> HTTPConnection:
    """A connection to close after use (`contextlib.closing`)."""
    address = urlsplit(origin)
    return HTTPConnection(address.hostname or "", address.port, timeout=PATIENCE)


def send(
    connection: HTTPConnection, path: str, body: Any = None, headers: dict[str, str] | None = None
) -> HTTPResponse:
    """Send a request (POST where there is a body); the answer's body is still to be read."""
    data = None if body is None else orjson.dumps(body)
    connection.request("GET" if body is None else "POST", path, data, headers or {})
    return connection.getresponse()


def fetch(origin: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
    """Send a request and read the whole answer."""
    connection = connect(origin)
    try:
        response = send(connection, path, body, headers)
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, response.read())
    finally:
        connection.close()
