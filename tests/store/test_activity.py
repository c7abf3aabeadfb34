"""The activity log and tickets, on both databases."""

from __future__ import annotations

import asyncio

from crawdad.core.activity import Activity
from crawdad.store.activity import ActivityStore
from crawdad.store.database import Database
from crawdad.store.retention import Kept, apply_retention
from crawdad.store.tickets import StoredTicket, TicketStore


def entry(number: int, source: str = "qq", detail: str | None = None, mark: str | None = None) -> Activity:
    return Activity(f"a{number}", 1000.0 + number, source, "message.group", f"Entry {number}", detail, mark)


async def test_the_newest_come_first_in_the_order_in_which_they_were_told(database: Database) -> None:
    store = ActivityStore(database)
    kept = await store.append([entry(2), entry(1)], 5.0)
    await store.append([entry(3, "system", "ÄRGER 你好 100%")], 6.0)
    assert [one.id for one in kept] == ["a2", "a1"]
    page = await store.page(10, 0)
    assert ([one.id for one in page.entries], page.total) == (["a3", "a1", "a2"], 3)
    assert page.entries[1] == entry(1)
    assert [one.id for one in (await store.page(1, 1)).entries] == ["a1"]
    assert (await store.page(1, 1)).total == 3


async def test_they_are_found_by_source_and_by_words_in_capitals_or_not(database: Database) -> None:
    store = ActivityStore(database)
    await store.append([entry(1), entry(2, "system", "ÄRGER 你好 100%_\\")], 5.0)
    assert [one.id for one in (await store.page(9, 0, source="system")).entries] == ["a2"]
    for words in ("ärger", "你好", "100%", "%_\\", "ENTRY 2"):
        assert [one.id for one in (await store.page(9, 0, search=words)).entries] == ["a2"], words
    assert (await store.page(9, 0, search="1__")).total == 0, "signs of a pattern are taken as they are"
    assert (await store.page(9, 0, source="qq", search="ärger")).total == 0


async def test_what_has_a_mark_stands_once_whoever_tells_of_it(database: Database) -> None:
    store = ActivityStore(database)
    assert len(await store.append([entry(1, mark="m"), entry(2, mark="m"), entry(3)], 5.0)) == 2
    assert await store.append([entry(4, mark="m")], 6.0) == []
    told = await asyncio.gather(*(store.append([entry(10 + number, mark="n")], 7.0) for number in range(5)))
    assert sum(len(one) for one in told) == 1, "and one alone tells of it"
    assert [one.mark for one in (await store.page(99, 0)).entries] == ["n", None, "m"]


async def test_it_is_bounded_by_number_and_age_and_can_be_cleared(database: Database) -> None:
    store = ActivityStore(database)
    for number in range(2500):
        if number % 500 == 0:
            await store.append([entry(number + one) for one in range(500)], float(number))
    assert await store.trim(3000) == 0
    assert await store.trim(100) == 2400
    assert [one.id for one in (await store.page(200, 0)).entries] == [f"a{number}" for number in range(2499, 2399, -1)]
    await store.append([entry(9000)], 90_000.0)
    removed = await apply_retention(database, 90_001.0, Kept(1, 1, activity_days=1, activity_entries=50))
    assert removed.activity == 100
    assert await store.clear() == 1
    assert (await store.page(9, 0)).total == 0


async def test_a_ticket_is_used_once_for_its_path_and_in_its_time(database: Database) -> None:
    store, ticket = TicketStore(database), StoredTicket("admin", "c", "/ws")
    assert await store.add("h", ticket, 10.0, 70.0, 2)
    assert await store.take("h", "/other", 11.0) is None
    taken = await asyncio.gather(*(store.take("h", "/ws", 11.0) for _ in range(8)))
    assert [one for one in taken if one is not None] == [ticket]
    of_a_session = StoredTicket("admin", "c", "/ws", "the session", 90.5)
    assert await store.add("s", of_a_session, 10.0, 70.0, 2)
    assert await store.take("s", "/ws", 11.0) == of_a_session
    assert await store.add("i", ticket, 12.0, 72.0, 2)
    assert await store.take("i", "/ws", 72.0) is None, "it is over"


async def test_nobody_holds_more_tickets_than_they_may(database: Database) -> None:
    store, ticket = TicketStore(database), StoredTicket("admin", "c", "/ws")
    assert [await store.add(f"h{number}", ticket, 10.0, 70.0, 2) for number in range(3)] == [True, True, False]
    assert await store.add("other", StoredTicket("key", "c", "/ws"), 10.0, 70.0, 2)
    assert await store.add("later", ticket, 70.0, 130.0, 2), "those that are over count no more"
