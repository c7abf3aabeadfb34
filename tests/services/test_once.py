"""Calls of tools that run once for each key, across processes and restarts."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from crawdad.adapters.system import SystemClock, SystemRandomness
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.parts import MediaPart, TextPart
from crawdad.core.tools import ToolOutcome
from crawdad.services.agent_doors import once
from crawdad.services.agent_doors.once import OnceOnly
from crawdad.store.database import Database
from crawdad.store.tool_invocations import ToolInvocations
from tests.support.schedule import FakeRunner
from tests.support.services import database, database_url, postgres_url

__all__ = ["database", "database_url", "postgres_url"]


class Counted:
    """A tool that counts its calls, and waits for `gate`."""

    def __init__(self, outcome: ToolOutcome | GatewayError) -> None:
        self.calls = 0
        self.begun, self.gate = asyncio.Event(), asyncio.Event()
        self.gate.set()
        self._outcome = outcome

    async def __call__(self) -> ToolOutcome:
        self.calls += 1
        self.begun.set()
        await self.gate.wait()
        if isinstance(self._outcome, GatewayError):
            raise self._outcome
        return self._outcome


def office(database: Database, name: str, dead: set[str] | None = None) -> OnceOnly:
    runner = FakeRunner(name, dead if dead is not None else set())
    return OnceOnly(ToolInvocations(database), SystemClock(), SystemRandomness(), runner)


OUTCOME = ToolOutcome([TextPart("done"), MediaPart("image", data="AAAA", media_type="image/png")], {"n": [1]}, False)


async def test_another_process_gets_the_very_same_answer(database: Database) -> None:
    tool = Counted(OUTCOME)
    first = await office(database, "one").run("ann", "k", tool)
    again = await office(database, "two").run("ann", "k", tool)
    assert first == again == OUTCOME and tool.calls == 1
    await office(database, "two").run("bob", "k", tool)
    assert tool.calls == 2, "the keys of somebody else are not mine"


async def test_who_asks_meanwhile_waits(database: Database) -> None:
    tool = Counted(OUTCOME)
    tool.gate.clear()
    one, two = office(database, "one"), office(database, "two")
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(one.run("ann", "k", tool))]
        await tool.begun.wait()
        asked += [group.create_task(each.run("ann", "k", tool)) for each in (one, two)]
        tool.gate.set()
    assert [await each for each in asked] == [OUTCOME] * 3 and tool.calls == 1


async def test_a_call_that_failed_may_be_made_again(database: Database) -> None:
    here, tool = office(database, "one"), Counted(bad_request("wire.missing", "x"))
    for calls in (1, 2):
        with pytest.raises(GatewayError):
            await here.run("ann", "k", tool)
        assert tool.calls == calls
    assert await here.run("ann", "k", Counted(OUTCOME)) == OUTCOME


async def test_what_a_dead_process_left_is_not_made_again(database: Database) -> None:
    dead: set[str] = set()
    tool = Counted(OUTCOME)
    await ToolInvocations(database).claim("ann", "k", "claim", "one", 0.0, SystemClock().now() + 1000)
    dead.add("one")
    with pytest.raises(GatewayError) as refused:
        await office(database, "two", dead).run("ann", "k", tool)
    assert refused.value.kind is ErrorKind.CONFLICT and "not known" in refused.value.message() and tool.calls == 0


async def test_what_was_cut_off_is_not_made_again(database: Database) -> None:
    """The process ends in order while the tool is at work: it may have done what it was to do."""
    here, tool = office(database, "one"), Counted(OUTCOME)
    tool.gate.clear()
    asking = asyncio.get_running_loop().create_task(here.run("ann", "k", tool))
    await tool.begun.wait()
    asking.cancel()
    await asyncio.wait({asking})
    tool.gate.set()
    for asked in (here, office(database, "two", {"one"})):
        with pytest.raises(GatewayError) as refused:
            await asked.run("ann", "k", tool)
        assert refused.value.kind is ErrorKind.CONFLICT
    assert tool.calls == 1


async def test_an_answer_too_long_to_be_kept_is_known_to_have_been(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(once, "_MOST_CHARACTERS", 10)
    here, tool = office(database, "one"), Counted(OUTCOME)
    assert await here.run("ann", "k", tool) == OUTCOME
    with pytest.raises(GatewayError, match="too long"):
        await here.run("ann", "k", tool)
    assert tool.calls == 1


async def test_details_that_json_has_no_word_for(database: Database) -> None:
    details: dict[Any, Any] = {"path": SystemClock, 1: "one"}
    await office(database, "one").run("ann", "k", Counted(ToolOutcome([], details)))
    kept = await office(database, "two").run("ann", "k", Counted(OUTCOME))
    assert kept.details["1"] == "one" and "SystemClock" in kept.details["path"]
