"""Requests that are sent again with their key: done once, and what is remembered is bounded."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from crawdad.api.control import repeats
from crawdad.api.control.repeats import KEPT_SECONDS, Repeats
from tests.support.fakes import FakeClock


class Work:
    """Counts how often it is done, and waits until it may end."""

    def __init__(self) -> None:
        self.done = 0
        self.may_end = asyncio.Event()
        self.fault: Exception | None = None

    async def __call__(self) -> Any:
        self.done += 1
        await self.may_end.wait()
        if self.fault is not None:
            raise self.fault
        return {"number": self.done}


async def test_who_comes_meanwhile_and_later_gets_the_first_answer() -> None:
    clock, work = FakeClock(), Work()
    found = Repeats(clock)
    loop = asyncio.get_running_loop()
    both = [loop.create_task(found.once(("ann", "k"), work)) for _ in range(2)]
    await asyncio.sleep(0)
    work.may_end.set()
    assert await asyncio.gather(*both) == [{"number": 1}] * 2
    assert await found.once(("ann", "k"), work) == {"number": 1}
    assert await found.once(("bob", "k"), work) == {"number": 2}, "another's key is another key"
    clock.advance(KEPT_SECONDS + 1)
    assert await found.once(("ann", "k"), work) == {"number": 3}


async def test_what_failed_is_tried_again_by_who_waited() -> None:
    work = Work()
    work.fault = ValueError("no")
    found = Repeats(FakeClock())
    loop = asyncio.get_running_loop()
    first = loop.create_task(found.once(("ann", "k"), work))
    await asyncio.sleep(0)
    second = loop.create_task(found.once(("ann", "k"), work))
    await asyncio.sleep(0)
    work.may_end.set()
    with pytest.raises(ValueError, match="no"):
        await first
    with pytest.raises(ValueError, match="no"):
        await second
    assert work.done == 2
    work.fault = None
    assert await found.once(("ann", "k"), work) == {"number": 3}


async def test_who_goes_away_leaves_the_key_to_the_next() -> None:
    work = Work()
    found = Repeats(FakeClock())
    first = asyncio.get_running_loop().create_task(found.once(("ann", "k"), work))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    work.may_end.set()
    assert await found.once(("ann", "k"), work) == {"number": 2}


async def test_only_so_much_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "MOST_KEPT", 3)
    work = Work()
    work.may_end.set()
    found = Repeats(FakeClock())
    for number in range(10):
        await found.once(("ann", str(number)), work)
    assert len(found._kept) == 3
    assert await found.once(("ann", "9"), work) == {"number": 10}
    assert await found.once(("ann", "0"), work) == {"number": 11}
