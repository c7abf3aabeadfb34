"""Vectors and approvals in both databases."""

from __future__ import annotations

from dataclasses import replace

from crawdad.core.mcp import PinnedTool
from crawdad.store.database import Database
from crawdad.store.mcp_tools import ToolPinStore
from crawdad.store.memory import VectorStore

PIN = PinnedTool("server", "tool", "one", "one", "Does it.", 1.0, 1.0)


async def test_vectors_are_kept_by_model(database: Database) -> None:
    store = VectorStore(database)
    await store.keep("m", {"a": b"1", "b": b"2"}, 1.0)
    await store.keep("m", {"a": b"other"}, 2.0)
    await store.keep("n", {}, 2.0)
    assert await store.known("m", ["a", "b", "c"]) == {"a": b"1", "b": b"2"}
    assert await store.known("n", ["a"]) == {} and await store.known("m", []) == {}


async def test_the_oldest_make_room(database: Database) -> None:
    store = VectorStore(database, most=20)
    for number in range(30):
        await store.keep("m", {str(number): b"x"}, float(number))
    left = await store.known("m", [str(number) for number in range(30)])
    assert "29" in left and "0" not in left and 15 <= len(left) <= 21


async def test_a_change_keeps_the_approval_of_what_was(database: Database) -> None:
    pins = ToolPinStore(database)
    assert (await pins.see(PIN)).usable
    changed = await pins.see(replace(PIN, seen="two", approved="two", description="Evil.", changed_at=2.0))
    assert changed.approved == "one" and changed.seen == "two" and changed.description == "Evil."
    assert not await pins.approve("server", "tool", "one", "operator", 3.0)
    assert await pins.approve("server", "tool", "two", "operator", 3.0)
    found = (await pins.of("server"))[0]
    assert found.usable and found.approved_by == "operator" and found.approved_at == 3.0
    assert await pins.of("other") == []


async def test_approvals_are_taken_back(database: Database) -> None:
    pins = ToolPinStore(database)
    await pins.see(PIN)
    await pins.see(replace(PIN, tool="second"))
    assert await pins.forget("server", "tool") == 1
    assert [pin.usable for pin in await pins.of()] == [True, False]
    assert await pins.forget("server") == 1
    assert not (await pins.see(PIN)).usable
