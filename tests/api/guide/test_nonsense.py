"""Nonsense is told as such, in the contract's words: no route falls over, and nothing changes."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api.guide.conftest import begun, good
from tests.api.guide.test_turns import SESSIONS

ODD: list[Any] = [None, True, -1, 1e308, 2**80, "", "\u0000", "a" * 300, "\U0001f99e", [], [[]], {}, {"a": {}}]
FIELDS = ("message", "messages", "context", "model", "temperature", "maxTokens", "stream", "timeoutSeconds", "title")


def is_told(answer: httpx.Response) -> None:
    """A good answer, or a refusal of the client's."""
    body = answer.json()
    assert answer.status_code in (200, 201, 400, 404, 409), (answer.status_code, answer.text)
    assert body["success"] is (answer.status_code < 400), body
    if answer.status_code >= 400:
        assert body["error"]["code"] in ("INVALID_REQUEST", "NOT_FOUND", "CONFLICT"), body


@pytest.mark.parametrize("field", FIELDS)
def test_fields_of_any_kind(client: httpx.Client, field: str) -> None:
    session = begun(client)["sessionId"]
    for value in ODD:
        if field == "stream" and value is True:
            continue
        good_turn = {"message": "say ok", "messages": [{"content": "say ok"}]}
        is_told(client.post(SESSIONS, json={**good_turn, field: value}))
        is_told(client.post(f"{SESSIONS}/{session}/messages", json={**good_turn, field: value}))


def test_changes_of_any_kind(client: httpx.Client) -> None:
    session = begun(client)["sessionId"]
    for field in ("title", "label", "model", "thinkingLevel", "queueMode"):
        for value in ODD:
            is_told(client.patch(f"{SESSIONS}/{session}", json={field: value}))
    for value in ODD:
        is_told(client.patch(f"{SESSIONS}/{session}", json=value))
        is_told(client.post(f"{SESSIONS}/{session}/fork", json={"sequence": value}))
        is_told(client.post(f"{SESSIONS}/import", json=value))
    assert good(client.get(f"{SESSIONS}/{session}"))["messageCount"] == 0


@pytest.mark.parametrize("name", ["agent::", "agent:main", "%00", "a" * 600, "%F0%9F%A6%9E", "'; --", "agent:x:y:z"])
def test_names_of_any_kind(client: httpx.Client, name: str) -> None:
    for method, below in (("GET", ""), ("GET", "/history"), ("POST", "/abort"), ("DELETE", ""), ("POST", "/reset")):
        answer = client.request(method, f"{SESSIONS}/{name}{below}")
        assert answer.status_code in (400, 404, 405), (name, method, below, answer.text)
        assert answer.json()["success"] is False


def test_queries_of_any_kind(client: httpx.Client) -> None:
    begun(client, "say something to find")
    for field in ("limit", "cursor", "search", "agent", "kind", "activeMinutes", "owner"):
        for value in ("", "\u0000", "-1", "1e999", "*", '"', "a" * 400, "天", "NEAR(a b)", "a AND", "1~x", "nan~x"):
            is_told(client.get(SESSIONS, params={field: value}))
            is_told(client.get(SESSIONS, params={"search": "something", field: value}))
