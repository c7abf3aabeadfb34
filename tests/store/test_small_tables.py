"""Revisions, JSON values and counters: what several processes change at once."""

from __future__ import annotations

import asyncio

import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.store.changes import Changes
from crawdad.store.database import Database
from crawdad.store.key_values import Counters, KeyValues


async def test_a_change_raises_the_revision_of_its_topic_alone(database: Database) -> None:
    changes = Changes(database)
    assert await changes.bump("keys") == 1
    assert await changes.bump("keys") == 2
    assert await changes.bump("models") == 1
    assert await changes.revisions() == {"keys": 2, "models": 1}


async def test_values_are_json_and_may_change(database: Database) -> None:
    values = KeyValues(database)
    assert await values.get("x") is None
    await values.put("x", {"a": [1, None, "\u0000 你好"]})
    assert await values.get("x") == {"a": [1, None, "\u0000 你好"]}
    await values.put("x", 2)
    assert await values.get("x") == 2
    await values.delete("x")
    await values.delete("x")
    assert await values.get("x") is None


async def test_all_who_settle_a_value_get_the_same(database: Database) -> None:
    values = KeyValues(database)
    assert len(set(await asyncio.gather(*(values.settle("instance", number) for number in range(10))))) == 1


async def test_a_prefix_is_taken_literally(database: Database) -> None:
    values, counters = KeyValues(database), Counters(database)
    for key in ("a%b/1", "a%b/2", "axb/3", "A%B/4"):
        await values.put(key, key)
        await counters.add(key, 1)
    assert await values.with_prefix("a%b/") == {"a%b/1": "a%b/1", "a%b/2": "a%b/2"}
    assert await counters.total("a%b/") == 2


async def test_a_key_that_is_no_unicode_is_refused_in_words(database: Database) -> None:
    with pytest.raises(GatewayError) as caught:
        await KeyValues(database).get("\ud800")
    assert caught.value.kind is ErrorKind.BAD_REQUEST


async def test_counters_add_up(database: Database) -> None:
    counters = Counters(database)
    await asyncio.gather(*(counters.add("x/1", 2) for _ in range(10)))
    assert await counters.add("x/1", 0) == 20
    assert await counters.raise_to("x/2", 7) == 7
    assert await counters.raise_to("x/2", 5) == 7, "saying less or the same again changes nothing"
    assert await counters.total("x/") == 27
    assert await counters.total("y/") == 0
