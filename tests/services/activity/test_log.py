"""The log at work: nobody waits for it, it is bounded, and what was promised stands."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from crawdad.core.activity import ACTIVITY_KEPT, Activity, ActivityPage
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.settings import Settings
from crawdad.core.text import Text
from crawdad.services.activity import log as module
from crawdad.services.activity.log import ActivityLog, Draft
from crawdad.store.inprocess import InProcessBus
from tests.support.fakes import FakeClock, FakeRandomness


class Store:
    """Keeps entries in memory; `broken`: it cannot now."""

    def __init__(self) -> None:
        self.entries: list[Activity] = []
        self.broken = False
        self.trimmed: list[int] = []

    async def append(self, entries: Sequence[Activity], now: float) -> list[Activity]:
        await asyncio.sleep(0)
        if self.broken:
            raise GatewayError(ErrorKind.UNAVAILABLE, "away")
        marks = {one.mark for one in self.entries if one.mark}
        new = [one for one in entries if one.mark is None or one.mark not in marks]
        self.entries += new
        return new

    async def page(self, limit: int, offset: int, source: str = "", search: str = "") -> ActivityPage:
        return ActivityPage(self.entries[::-1][offset : offset + limit], len(self.entries))

    async def clear(self) -> int:
        gone, self.entries = len(self.entries), []
        return gone

    async def trim(self, most: int) -> int:
        self.trimmed.append(most)
        return 0


def make() -> tuple[ActivityLog, Store, InProcessBus]:
    store, bus = Store(), InProcessBus()
    return ActivityLog(store, bus, FakeClock(), FakeRandomness(), Settings, "p1"), store, bus


def draft(words: str, mark: str | None = None) -> Draft:
    return Draft("qq", "message.group", words, mark=mark)


async def test_entries_are_written_in_batches_and_told_once_they_stand() -> None:
    log, store, bus = make()
    heard = bus.subscribe([ACTIVITY_KEPT])
    for number in range(450):
        log.note(draft(f"e{number}", mark=f"m{number % 300}"))
    assert store.entries == [], "nobody waited"
    await log.flush()
    assert [one.summary for one in store.entries] == [f"e{number}" for number in range(300)]
    told = [await anext(heard) for _ in range(2)]
    assert [entry["summary"] for event in told for entry in event.data["entries"]] == [f"e{n}" for n in range(300)]
    assert told[0].origin == "p1"


async def test_what_finds_no_room_is_counted_and_told_of_in_the_log() -> None:
    log, store, _ = make()
    for number in range(module.MOST_WAITING + 7):
        log.note(draft(str(number)))
    assert log.dropped == 7
    with pytest.raises(GatewayError) as caught:
        await log.keep(draft("promised"))
    assert caught.value.kind is ErrorKind.UNAVAILABLE
    await log.flush()
    await log.flush()
    assert store.entries[-1].summary == "[系统] 活动日志放弃了 8 条条目：短时间内过多"
    assert len(store.entries) == module.MOST_WAITING + 1
    assert store.trimmed, "a flood is bounded at once"


async def test_what_is_promised_stands_when_it_is_acknowledged_and_waits_out_a_fault() -> None:
    log, store, _ = make()
    store.broken = True
    with pytest.raises(GatewayError):
        log.note(draft("waits"))
        await log.flush()
    async with asyncio.TaskGroup() as tasks:
        kept = tasks.create_task(log.keep(draft("promised")))
        await asyncio.sleep(0)
        assert not kept.done()
        store.broken = False
        await log.flush()
    assert kept.result().summary == "promised"
    assert [one.summary for one in store.entries] == ["waits", "promised"]


async def test_clearing_takes_what_waits_too() -> None:
    log, store, _ = make()
    log.system(Text("activity.stopping"))
    assert await log.clear("admin") == 1
    assert store.entries == []
    log.note(draft("after"))
    assert [one.summary for one in (await log.page(10, 0)).entries] == ["after"]
