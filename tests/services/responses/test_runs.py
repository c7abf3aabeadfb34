"""Background responses that are stopped: whoever stops one is told so when its source has stopped, too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, cast

import pytest

from crawdad.core.events import MessageStart, PartDelta, PartStart, StreamEvent
from crawdad.core.exchange import Exchange
from crawdad.core.identity import Principal
from crawdad.core.parts import TextPart
from crawdad.services.responses.runs import Runs
from crawdad.services.tasks import Tasks
from crawdad.services.turns.front import ModelFront
from crawdad.services.turns.turn import Turn
from crawdad.store.inprocess import InProcessBus
from crawdad.store.responses import ResponseStore
from crawdad.wire import codecs
from tests.support.fakes import FakeClock
from tests.support.schedule import FakeRunner
from tests.support.waiting import PATIENCE

RESPONSE = "resp_1"


class Source:
    """`ModelFront` as far as a run needs it: says something, and takes its time to stop once nobody listens."""

    def __init__(self) -> None:
        self.ledger = self
        self.leaving, self.gate = asyncio.Event(), asyncio.Event()
        self.stopped = False

    async def events(self, turn: Turn) -> AsyncGenerator[list[StreamEvent], None]:
        return self._events()

    async def _events(self) -> AsyncGenerator[list[StreamEvent], None]:
        try:
            yield [MessageStart(model="m", protocol="agent"), PartStart(0, TextPart())]
            yield [PartDelta(0, text="word")]
        finally:
            self.leaving.set()
            await self.gate.wait()
            self.stopped = True

    def hold(self, exchange: Exchange) -> None:
        """See `Ledger`."""

    def abandon(self, exchange: Exchange) -> None:
        """See `Ledger`."""


class SlowStore:
    """`ResponseStore` that is for ever about to keep an event."""

    def __init__(self) -> None:
        self.keeping = asyncio.Event()

    async def append_events(self, response_id: str, events: list[Any]) -> None:
        self.keeping.set()
        await asyncio.Event().wait()


@pytest.fixture
async def tasks() -> AsyncIterator[Tasks]:
    async with Tasks() as running:
        yield running


def turn() -> Turn:
    exchange = Exchange("x1", 0.0, "responses", "openai-responses", "responses", "/v1/responses", "key")
    body = {"model": "openclaw", "input": "Say it"}
    return Turn(
        exchange, Principal("key", "api_key"), codecs.get("openai-responses"), "openclaw", True, body, b"", lambda: 0.0
    )


@pytest.mark.parametrize("times", [1, 2])
async def test_a_run_is_stopped_when_its_source_is_however_often_that_is_wanted(tasks: Tasks, times: int) -> None:
    source, store = Source(), SlowStore()
    runs = Runs(
        cast(ModelFront, source), cast(ResponseStore, store), tasks, FakeClock(), FakeRunner("here"), InProcessBus()
    )
    runs.start(turn(), RESPONSE)
    await asyncio.wait_for(store.keeping.wait(), PATIENCE)
    stopping = [asyncio.get_running_loop().create_task(runs.stop(RESPONSE))]
    await asyncio.wait_for(source.leaving.wait(), PATIENCE)
    stopping += [asyncio.get_running_loop().create_task(runs.stop(RESPONSE)) for _ in range(times - 1)]
    for _ in range(20):
        await asyncio.sleep(0)
    assert not any(task.done() for task in stopping), (
        "the source goes on: an agent would be taken up again after a kill"
    )
    source.gate.set()
    await asyncio.wait_for(asyncio.gather(*stopping), PATIENCE)
    assert source.stopped
