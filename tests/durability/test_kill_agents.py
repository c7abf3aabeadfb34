"""Kill -9 after every commit of a turn of an agent: the next process takes it up or says that it was cut off.

Whatever the moment: the message is in the log once, every call has one result, and a tool that changes something ran at most
once.
"""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
from pathlib import Path

from crawdad.core.parts import ToolCallPart, ToolResultPart
from crawdad.core.sessions import LogEvent
from crawdad.services.agents.transcript import message_of, role_of
from crawdad.services.agents.view import messages_of
from crawdad.store.database import open_database
from crawdad.store.sessions import SessionStore
from tests.support.agent_stage import KEY
from tests.support.scripted_model import ScriptedModel, calls, says
from tests.support.server import clean_environment, run_module
from tests.support.upstreams.protocols import Ask
from tests.support.upstreams.stories import Turn

_MOST_COMMITS = 40


def _script(ask: Ask) -> Turn:
    """Look and write, then say that it is done, however often the turn is begun."""
    if ask.body["messages"][-1]["role"] == "tool":
        return says("All done.")
    return calls(("look", {"n": 1}), ("write", {"n": 2}))


def _process(home: Path, url: str, number: int, kill_after: int) -> subprocess.CompletedProcess[str]:
    arguments = [str(home), url, f"process-{number}", str(kill_after)]
    return run_module("tests.durability.agent_turn", arguments, clean_environment())


async def _lines(home: Path) -> list[LogEvent]:
    async with open_database(f"sqlite:///{home}/db") as database:
        store = SessionStore(database)
        entry = await store.get(KEY)
        assert entry is not None
        return await store.lines(entry.session_id)


async def test_a_kill_after_every_commit(tmp_path: Path) -> None:
    statuses: list[str] = []
    with ScriptedModel(_script) as model:
        for commit in range(1, _MOST_COMMITS):
            home = tmp_path / str(commit)
            home.mkdir()
            killed = await asyncio.to_thread(_process, home, model.url, 1, commit)
            after = await asyncio.to_thread(_process, home, model.url, 2, 0)
            assert after.returncode == 0, after.stderr
            status, text = json.loads(after.stdout)
            statuses.append(status)
            _check(await _lines(home), home, status, text)
            if killed.returncode == 0:
                break
            assert killed.returncode == -signal.SIGKILL, killed.stderr
        else:
            raise AssertionError("the turn never came to its end")
    assert statuses[-1] == "completed" and "interrupted" in statuses and statuses.count("completed") > 3


def _check(lines: list[LogEvent], home: Path, status: str, text: str) -> None:
    effects = (home / "effects").read_text().splitlines() if (home / "effects").exists() else []
    assert len(effects) <= 1
    assert sum(role_of(line) == "user" for line in lines) == 1
    called, answered = [], []
    for line in lines:
        message = message_of(line.data) if line.kind == "message" else None
        for part in message.parts if message else ():
            if isinstance(part, ToolCallPart):
                called.append(part.id)
            elif isinstance(part, ToolResultPart):
                answered.append(part.call_id)
    assert sorted(called) == sorted(answered) and len(set(called)) == len(called)
    assert status in ("completed", "interrupted")
    if status == "completed":
        assert text == "All done." and len(effects) == 1
    else:
        assert "interrupted" in [line.kind for line in lines]
    assert messages_of(lines)[0].role == "user"
