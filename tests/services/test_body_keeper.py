"""What waits to be written is bounded, survives a database that is away, and never holds an exchange up."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.exchange import Exchange
from crawdad.core.settings import BodySettings
from crawdad.services.bodies import BodyCapture, BodyKeeper
from crawdad.store.bodies import PackedBodies
from crawdad.store.inprocess import InProcessBus
from tests.support.fakes import FakeClock
from tests.support.waiting import until_so


class Store:
    """A table of bodies that can be away."""

    def __init__(self) -> None:
        self.rows: list[PackedBodies] = []
        self.away = False
        self.tries = 0

    async def insert(self, rows: list[PackedBodies]) -> None:
        self.tries += 1
        if self.away:
            raise GatewayError(ErrorKind.UNAVAILABLE, "away")
        self.rows += rows


class Patient(FakeClock):
    """Time passes, and others get a turn."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        await super().sleep(seconds)


def keeper(store: Store, most: int = 100_000, **settings: Any) -> BodyKeeper:
    return BodyKeeper(store, lambda: BodySettings(**settings), Patient(), InProcessBus(), most)


def captured(keep: BodyKeeper, number: int, size: int = 1000, **fields: Any) -> BodyCapture:
    capture = keep.begin()
    assert capture is not None
    values = {"outcome": "completed", "status": 200, **fields}
    capture.asked(Exchange(f"ex{number}", 1.0, "openai", "openai-chat", "chat", **values), b"x" * size, "text/plain")
    return capture


async def test_all_that_was_held_is_let_go_of() -> None:
    store = Store()
    keep = keeper(store)
    for number in range(200):
        capture = captured(keep, number, 300)
        capture.told(b"answer", "text/plain")
        keep.keep(capture)
        await keep.flush()
    assert len(store.rows) == 200 and keep.hold(100_000)


async def test_a_database_that_is_away_costs_the_oldest_bodies_and_nothing_else() -> None:
    store = Store()
    keep = keeper(store)
    store.away = True
    writer = asyncio.get_running_loop().create_task(keep.keep_writing())
    for number in range(90):
        keep.keep(captured(keep, number))
        if number == 0:
            await until_so(lambda: store.tries > 0)
    await until_so(lambda: keep.dropped > 0)
    assert captured(keep, 1000).held == 1000, "there is room for what runs"
    store.away = False
    await until_so(lambda: bool(store.rows) and store.rows[-1][0] == "ex89")
    assert len(store.rows) == 90 - keep.dropped and keep.dropped >= 40
    writer.cancel()
    with suppress(asyncio.CancelledError):
        await writer


async def test_beyond_the_bound_only_beginnings_are_held() -> None:
    store = Store()
    keep = keeper(store, 2000, max_bytes=256)
    first, second = captured(keep, 1, 1500), captured(keep, 2, 1500)
    assert (first.held, second.held) == (256, 256)
    second.streams("text/event-stream")
    for _ in range(100):
        second.heard(b"data: x\n\n")
    assert first.held + second.held <= 2000
    for capture in (first, second):
        keep.keep(capture)
    await keep.flush()
    assert len(store.rows) == 2 and keep.hold(2000)


async def test_what_is_not_wanted_is_let_go_of_at_once() -> None:
    store = Store()
    keep = keeper(store, capture="errors")
    keep.keep(captured(keep, 1))
    keep.keep(captured(keep, 2, outcome="failed", status=502))
    keep.keep(captured(keep, 3, outcome="cancelled", status=499))
    await keep.flush()
    assert [row[0] for row in store.rows] == ["ex2", "ex3"] and keep.hold(100_000)
    await keep.switch(False)
    assert keep.begin() is None
    await keep.switch(True)
    assert keep.capturing == "errors"
    assert keeper(store, capture="off").begin() is None


async def test_the_switch_reaches_the_other_processes() -> None:
    bus = InProcessBus()
    one, other = (BodyKeeper(Store(), BodySettings, FakeClock(), bus) for _ in range(2))
    obeying = asyncio.get_running_loop().create_task(other.obey())
    await asyncio.sleep(0)
    await one.switch(False)
    for _ in range(10):
        await asyncio.sleep(0)
    assert (one.capturing, other.capturing) == ("off", "off")
    obeying.cancel()
    with suppress(asyncio.CancelledError):
        await obeying


@pytest.mark.parametrize("data", [b"\xff\xfe\x00binary", b"\x89PNG\r\n\x1a\n\0\0", b"ok\0nul"])
async def test_what_is_no_text_is_only_named(data: bytes) -> None:
    keep = keeper(Store())
    capture = keep.begin()
    assert capture is not None
    exchange = Exchange("ex", 1.0, "openai", "openai-chat", "speech", outcome="completed")
    capture.asked(exchange, b"{}", "application/json")
    capture.told(data, "audio/mpeg; rate=8000")
    found = capture.bodies()
    assert found.response is not None and found.response.text == f"[audio/mpeg, {len(data)} bytes]"
