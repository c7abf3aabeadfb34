"""Stored responses: for their owner alone, resumable, and never left unfinished."""

from __future__ import annotations

from typing import Any

import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.store.database import Database
from crawdad.store.responses import ResponseStore, StoredResponse
from tests.store.samples import MORNING

NOON = MORNING + 10_800


def response(response_id: str = "resp_1", **fields: Any) -> StoredResponse:
    values: dict[str, Any] = {
        "id": response_id,
        "principal_id": "key_1",
        "status": "in_progress",
        "created_at": MORNING,
        "updated_at": MORNING,
        "request": {"model": "gpt-5", "input": "Hi \u0000 there 你好"},
        "response": {"id": response_id, "output": []},
        "background": True,
        "runner": "process-1",
        "expires_at": NOON,
    }
    return StoredResponse(**{**values, **fields})


async def store_of(database: Database, *responses: StoredResponse) -> ResponseStore:
    store = ResponseStore(database)
    for one in responses:
        await store.create(one)
    return store


async def test_a_response_comes_back_as_it_was_kept(database: Database) -> None:
    store = await store_of(database, response())
    assert await store.get("resp_1", "key_1", MORNING) == response()
    with pytest.raises(GatewayError) as caught:
        await store.create(response())
    assert caught.value.kind is ErrorKind.CONFLICT


async def test_nobody_else_can_see_change_or_delete_it(database: Database) -> None:
    store = await store_of(database, response())
    await store.append_events("resp_1", [(0, {"type": "response.created"})])
    assert await store.get("resp_1", "key_2", MORNING) is None
    assert not await store.update("resp_1", "key_2", "cancelled", NOON)
    assert not await store.delete("resp_1", "key_2")
    assert await store.events("resp_1", "key_2") == []
    assert await store.get("resp_1", "key_1", MORNING) == response()
    assert len(await store.events("resp_1", "key_1")) == 1


async def test_an_expired_response_is_not_found(database: Database) -> None:
    store = await store_of(database, response(), response("resp_2", expires_at=None))
    assert await store.get("resp_1", "key_1", NOON) is None
    assert await store.get("resp_2", "key_1", NOON * 2) is not None


async def test_a_finished_response_stays_as_it_is(database: Database) -> None:
    store = await store_of(database, response())
    assert await store.update("resp_1", "key_1", "completed", MORNING + 5, {"output": ["done"]})
    assert not await store.update("resp_1", "key_1", "cancelled", MORNING + 6)
    found = await store.get("resp_1", "key_1", MORNING)
    assert found is not None
    assert (found.status, found.updated_at, found.response) == ("completed", MORNING + 5, {"output": ["done"]})


async def test_a_change_of_status_alone_keeps_the_answer(database: Database) -> None:
    store = await store_of(database, response(status="queued"))
    assert not await store.update("resp_1", "key_1", "in_progress", MORNING, only_from=("in_progress",))
    assert await store.update("resp_1", "key_1", "in_progress", MORNING, only_from=("queued",))
    found = await store.get("resp_1", "key_1", MORNING)
    assert found is not None and found.response == response().response


async def test_events_resume_behind_a_number(database: Database) -> None:
    store = await store_of(database, response())
    await store.append_events("resp_1", [(number, {"n": number}) for number in range(5)])
    await store.append_events("resp_1", [(4, {"n": "again"}), (5, {"n": 5})])
    await store.append_events("resp_1", [])
    assert await store.events("resp_1", "key_1", after=2) == [(3, {"n": 3}), (4, {"n": 4}), (5, {"n": 5})]
    assert await store.events("resp_1", "key_1", limit=2) == [(0, {"n": 0}), (1, {"n": 1})]


async def test_deleting_takes_the_events_along_and_ends_their_writing(database: Database) -> None:
    store = await store_of(database, response())
    await store.append_events("resp_1", [(0, {})])
    assert await store.delete("resp_1", "key_1")
    assert not await store.delete("resp_1", "key_1")
    assert await store.events("resp_1", "key_1") == []
    with pytest.raises(GatewayError) as caught:
        await store.append_events("resp_1", [(1, {})])
    assert caught.value.kind is ErrorKind.CONFLICT


async def test_what_a_dead_process_left_is_marked_interrupted(database: Database) -> None:
    store = await store_of(
        database,
        response("resp_1"),
        response("resp_2", status="queued"),
        response("resp_3", status="completed"),
        response("resp_4", runner="process-2"),
    )
    assert await store.runners() == {"process-1", "process-2"}
    assert await store.interrupt("process-1", NOON - 1) == 2
    assert await store.interrupt("process-1", NOON - 1) == 0
    found = [await store.get(f"resp_{number}", "key_1", MORNING) for number in (1, 2, 3, 4)]
    assert [one and one.status for one in found] == ["interrupted", "interrupted", "completed", "in_progress"]


async def test_expired_responses_are_removed(database: Database) -> None:
    many = [response(f"resp_{number}", expires_at=MORNING + number) for number in range(250)]
    store = await store_of(database, *many, response("resp_for_ever", expires_at=None))
    assert await store.delete_expired(MORNING + 230) == 231
    assert await store.delete_expired(MORNING + 230) == 0
    assert await store.get("resp_231", "key_1", MORNING) is not None
    assert await store.get("resp_for_ever", "key_1", MORNING) is not None
