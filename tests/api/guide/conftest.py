"""A gateway whose agents do as they are told, and clients of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from tests.support.scripted_runs import REST
from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE, eventually

Json = dict[str, Any]
NO_LIMITS = {"requestsPerMinute": None, "tokensPerMinute": None, "contextTokensPerMinute": None}
NewClient = Callable[..., httpx.Client]


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    config = settings({}, gateway={"restApi": NO_LIMITS})
    with running_gateway(config, command=REST) as running:
        yield running


@pytest.fixture
def admin(gateway: Gateway) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=gateway.base_url, headers=gateway.headers, timeout=PATIENCE) as client:
        yield client


@pytest.fixture
def client_of(gateway: Gateway, admin: httpx.Client) -> Iterator[NewClient]:
    """Makes a client with a fresh key that may do so much."""
    with ExitStack() as stack:

        def make(*permissions: str) -> httpx.Client:
            wanted = {"name": "a key", "permissions": list(permissions or ("agents.use",))}
            key = admin.post("/api/keys", json=wanted).json()["key"]
            headers = {"authorization": f"Bearer {key}"}
            client = stack.enter_context(httpx.Client(base_url=gateway.base_url, headers=headers, timeout=PATIENCE))
            eventually(lambda: client.get("/api/v1/system/status").status_code != 401, "the key to be known")
            return client

        yield make


@pytest.fixture
def client(client_of: NewClient) -> httpx.Client:
    """A client with a key of its own."""
    return client_of()


def good(answer: httpx.Response, status: int = 200) -> Json:
    """The data of a good answer; its fields stand at the top as well."""
    assert answer.status_code == status, answer.text
    body: Json = answer.json()
    assert body["success"] is True and body["timestamp"].endswith("Z")
    data: Json = body["data"]
    assert {name: body[name] for name in data} == data
    assert answer.headers["openclaw-version"] == "1.0" and answer.headers["x-request-id"]
    return data


def refused(answer: httpx.Response, status: int, code: str) -> Json:
    """What a refusal says."""
    assert answer.status_code == status, answer.text
    body: Json = answer.json()
    assert body.keys() == {"success", "error", "timestamp"} and body["success"] is False
    error: Json = body["error"]
    assert error["code"] == code and error["message"] and error["details"]
    assert answer.headers["openclaw-version"] == "1.0" and answer.headers["x-request-id"]
    return error


def begun(client: httpx.Client, *said: str, **fields: Any) -> Json:
    """A new session with these messages of the user's."""
    messages = [{"role": "user", "content": each} for each in said]
    return good(client.post("/api/v1/sessions", json={"messages": messages, **fields}), 201)
