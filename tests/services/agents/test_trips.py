"""A turn asks the database for as little as it can."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crawdad.services.agents.turn import TurnLog
from crawdad.store.database import Database
from crawdad.store.question import Question
from tests.support.agent_stage import FakeTool, config, stage
from tests.support.scripted_model import ScriptedModel, calls, says
from tests.support.upstreams.protocols import Ask
from tests.support.upstreams.stories import Turn

_WRITES = 6
"""The run, the message, the call, its result, the answer, and what was used. The end is written with its events."""
_ASKS = 5
"""The session, its log, and what waits then; whether the turn is still wanted and how it ended where that takes long."""


def _script(ask: Ask) -> Turn:
    return says("It is noon.") if ask.body["messages"][-1]["role"] == "tool" else calls(("clock", {}))


def _of_the_turn(task: asyncio.Task[Any]) -> bool:
    """It is begun, and lines of its log are written, to the end, whoever is cancelled meanwhile: by tasks of their own."""
    work = repr(task.get_coro())
    return task.get_name().startswith(("run ", "tool ")) or TurnLog.__name__ in work or "Lanes._begin_new" in work


async def test_a_warm_turn_makes_few_trips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: Counter[str] = Counter()
    mine = asyncio.current_task()

    def counted(name: str) -> Callable[..., Any]:
        plain = getattr(Database, name)

        def call(self: Database, *arguments: Any, **values: Any) -> Any:
            task = asyncio.current_task()
            if task is mine or (task is not None and _of_the_turn(task)):
                made[name] += 1  # others look now and then what else there is
            return plain(self, *arguments, **values)

        return call

    def spelled(*_: Any) -> None:
        raise AssertionError("to spell a query anew takes longer than to ask half a dozen")

    for name in ("read", "write", "ask", "write_at_once"):
        monkeypatch.setattr(Database, name, counted(name))
    with ScriptedModel(_script) as model:
        settings = config(model.provider())
        async with stage(f"sqlite:///{tmp_path}/db", tmp_path, settings, tools=[FakeTool("clock", "noon")]) as agents:
            await agents.take("What time is it?")
            made.clear()
            monkeypatch.setattr(Question, "__init__", spelled)
            state = await agents.take("And now?")
            assert state.text == "It is noon."
            assert made["read"] == made["write"] == 0, made
            # What falls into one moment is written at once: one more where the tool's beginning and its call do not.
            assert _WRITES <= made["write_at_once"] <= _WRITES + 1 and 1 <= made["ask"] <= _ASKS, made
