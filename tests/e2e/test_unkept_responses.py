"""Responses that the database refuses to keep: the client is told, and the log says what the client heard."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import orjson
import pytest
from httpx import Client
from openai import InternalServerError
from websockets.sync.client import connect

from tests.attacks.records import exchanges
from tests.e2e.material import HELLO
from tests.e2e.openai_clients import OpenAIClients
from tests.e2e.sources import Source
from tests.support.server import Gateway
from tests.support.waiting import PATIENCE, eventually

_REFUSES = """
CREATE TRIGGER refuses BEFORE {event} ON stored_responses WHEN NEW.request LIKE '%keep me not%' {condition}
BEGIN SELECT abs(-9223372036854775808); END
"""
"""SQLite answers with an error of the operation, as it does for a full disk, and not with a broken constraint."""


@pytest.fixture
def refusing(gateway: Gateway) -> Iterator[None]:
    """The database keeps no response to a request that says `keep me not`."""
    yield from _trigger(gateway, _REFUSES.format(event="INSERT", condition=""))


@pytest.fixture
def refusing_ends(gateway: Gateway) -> Iterator[None]:
    """The database does not let such a response become complete."""
    yield from _trigger(gateway, _REFUSES.format(event="UPDATE", condition="AND NEW.status = 'completed'"))


def _trigger(gateway: Gateway, statement: str) -> Iterator[None]:
    with closing(sqlite3.connect(gateway.home / "crawdad.db", timeout=10, isolation_level=None)) as database:
        database.execute(statement)
        yield
        database.execute("DROP TRIGGER refuses")


@pytest.fixture
def mark() -> dict[str, str]:
    """A header by which the exchanges of this test are found in the log."""
    return {"x-request-id": secrets.token_hex(8)}


def logged(gateway: Gateway, mark: dict[str, str], many: int = 1) -> list[dict[str, Any]]:
    """The rows of this test."""

    def look() -> list[dict[str, Any]]:
        found = exchanges(gateway, "client_request_id = ?", mark["x-request-id"])
        return found if len(found) >= many else []

    found = eventually(look, "the exchanges in the log")
    assert len(found) == many
    return found


@pytest.mark.usefixtures("refusing")
def test_a_whole_answer_that_cannot_be_kept(
    openai: OpenAIClients, gateway: Gateway, source: Source, mark: dict[str, str]
) -> None:
    with pytest.raises(InternalServerError) as refused:
        openai.sync.responses.create(model=source.model("hello"), input="keep me not", extra_headers=mark)
    assert refused.value.status_code == 503
    (row,) = logged(gateway, mark)
    assert (row["outcome"], row["status"], row["error_kind"]) == ("failed", 503, "unavailable")
    assert row["output_tokens"] > 0  # which was used all the same


@pytest.mark.usefixtures("refusing")
def test_a_stream_that_cannot_be_kept(
    openai: OpenAIClients, gateway: Gateway, source: Source, mark: dict[str, str]
) -> None:
    request: Any = {"model": source.model("hello"), "input": "keep me not", "extra_headers": mark}
    events = list(openai.sync.responses.create(**request, stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == HELLO
    failed = events[-1]
    assert failed.type == "response.failed"
    assert (failed.response.status, failed.response.output_text) == ("failed", HELLO)
    assert "database" in failed.response.error.message
    (row,) = logged(gateway, mark)
    assert (row["outcome"], row["error_kind"]) == ("failed", "unavailable")


@pytest.mark.usefixtures("refusing")
def test_a_turn_over_a_websocket_that_cannot_be_kept(gateway: Gateway, source: Source, mark: dict[str, str]) -> None:
    url = gateway.base_url.replace("http", "ws", 1) + "/v1/responses"
    with connect(url, additional_headers={**gateway.headers, **mark}, proxy=None, open_timeout=PATIENCE) as socket:
        frame = {"type": "response.create", "model": source.model("hello"), "input": "keep me not"}
        socket.send(orjson.dumps(frame).decode(), text=True)
        kinds: list[str] = []
        while not kinds or kinds[-1] not in ("response.completed", "response.failed", "error"):
            kinds.append(orjson.loads(socket.recv(PATIENCE))["type"])
    assert kinds[-1] == "response.failed"
    (row,) = logged(gateway, mark)
    assert (row["outcome"], row["status"], row["error_kind"]) == ("failed", 200, "unavailable")


def test_a_background_run_whose_end_cannot_be_kept_has_failed(
    openai: OpenAIClients, gateway: Gateway, source: Source, mark: dict[str, str], refusing_ends: None
) -> None:
    created = openai.sync.responses.create(
        model=source.model("hello"), input="keep me not", background=True, extra_headers=mark
    )
    ended: Any = eventually(
        lambda: next(
            (r for r in [openai.sync.responses.retrieve(created.id)] if r.status not in ("queued", "in_progress")), None
        ),
        "the run to end",
    )
    assert (ended.status, ended.output_text) == ("failed", "")
    assert ended.error is not None and ended.error.code == "server_error"
    (row,) = logged(gateway, mark)
    assert (row["outcome"], row["error_kind"]) == ("failed", "unavailable")


def test_what_is_kept_is_logged_once_as_completed(gateway: Gateway, source: Source, mark: dict[str, str]) -> None:
    with Client(base_url=gateway.base_url, headers={**gateway.headers, **mark}, timeout=PATIENCE) as client:
        for stream in (False, True):
            body = {"model": source.model("hello"), "input": "hi", "stream": stream}
            assert client.post("/v1/responses", json=body).status_code == 200
    rows = logged(gateway, mark, 2)
    assert [row["outcome"] for row in rows] == ["completed", "completed"]
