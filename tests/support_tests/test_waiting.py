"""What all tests wait with: it gives what it finds, looks at least once, and fails where nothing comes."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.waiting import eventually, until, until_so


def test_it_looks_until_there_is_something() -> None:
    answers = iter(["", 0, None, "there", "too late"])
    assert eventually(lambda: next(answers)) == "there"
    assert next(answers) == "too late"


async def test_others_have_their_turn_meanwhile() -> None:
    told = asyncio.Event()
    asyncio.get_running_loop().call_later(0.001, told.set)
    assert await until_so(told.is_set) is True

    async def look() -> str:
        await told.wait()
        return "there"

    assert await until(look) == "there"


def test_what_is_there_is_found_however_little_time_there_is() -> None:
    assert eventually(lambda: "there", seconds=0) == "there"


async def test_what_never_comes_fails_by_its_name() -> None:
    async def never() -> None:
        return None

    words = r"waited 0\.01 s for the tea"
    with pytest.raises(AssertionError, match=words):
        await until(never, "the tea", 0.01)
    with pytest.raises(AssertionError, match=words):
        await until_so(lambda: None, "the tea", 0.01)
    with pytest.raises(AssertionError, match=words):
        eventually(lambda: None, "the tea", 0.01)
