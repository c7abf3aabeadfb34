"""A turn and its session's log: nothing counts as written that is not, and nothing is there that the turn does not know of."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.sessions import LogEvent, NewLogEvent, SessionEntry, Sessions
from crawdad.services.agents.turn import TurnLog


class SlowSessions:
    """Keeps lines when the gate is open; the first so many times it fails."""

    def __init__(self, failures: int = 0) -> None:
        self.lines: list[LogEvent] = []
        self.writing, self.gate = asyncio.Event(), asyncio.Event()
        self._failures = failures

    async def append(self, entry: SessionEntry, events: Sequence[NewLogEvent]) -> list[LogEvent]:
        self.writing.set()
        await self.gate.wait()
        if self._failures:
            self._failures -= 1
            raise GatewayError(ErrorKind.UNAVAILABLE, "the database is locked")
        first = len(self.lines) + 1
        new = [LogEvent("s1", first + n, str(first + n), each.kind, 0.0, each.data) for n, each in enumerate(events)]
        self.lines += new
        return new


def log_of(sessions: SlowSessions) -> TurnLog:
    return TurnLog(cast(Sessions, sessions), SessionEntry("agent:main:main", "s1", "main", "main", 0.0, 0.0), "run")


def line(name: str) -> NewLogEvent:
    return NewLogEvent("custom", {"name": name}, "run")


def names(lines: Sequence[LogEvent]) -> list[str]:
    return [str(each.data["name"]) for each in lines]


async def test_all_whose_lines_were_written_together_hear_that_they_were_not() -> None:
    sessions = SlowSessions(failures=1)
    sessions.gate.set()
    log = log_of(sessions)
    told = await asyncio.gather(log.append(line("one")), log.append(line("two")), return_exceptions=True)
    assert [isinstance(each, GatewayError) for each in told] == [True, True]
    assert sessions.lines == [] == log.events
    await log.append(line("three"))
    assert names(sessions.lines) == names(log.events) == ["three"]


async def test_a_turn_that_is_cancelled_while_it_writes_knows_what_was_written() -> None:
    sessions = SlowSessions()
    log = log_of(sessions)
    writing = asyncio.get_running_loop().create_task(log.append(line("one")))
    await sessions.writing.wait()
    waiting = asyncio.get_running_loop().create_task(log.append(line("two")))
    await asyncio.sleep(0)
    for task in (writing, waiting):
        task.cancel()
    await asyncio.wait({waiting})
    sessions.gate.set()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert names(sessions.lines) == names(log.events) == ["one"]
    await log.append()
    assert names(sessions.lines) == names(log.events) == ["one", "two"], "what waited is not lost"
