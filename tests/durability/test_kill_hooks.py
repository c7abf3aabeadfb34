"""Kill -9 after every commit of a hook's call, from the first row to the last word.

A caller who heard 202 never calls again: the run is seen through all the same. One who heard nothing calls again with the same
key: still one run. Whatever the moment, a tool that changes something runs at most once and the main session is told once.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

from sqlalchemy import select

from crawdad.store.database import open_database
from crawdad.store.door_tables import hook_deliveries
from crawdad.store.run_tables import agent_runs
from crawdad.store.schedule_tables import system_events
from tests.support.agent_runs import Records
from tests.support.scripted_model import ScriptedModel, calls, says
from tests.support.server import SOURCE
from tests.support.upstreams.protocols import Ask
from tests.support.upstreams.stories import Turn

_MOST_COMMITS = 60


def _script(ask: Ask) -> Turn:
    if ask.body["messages"][-1]["role"] == "tool":
        return says("All done.")
    return calls(("look", {"n": 1}), ("write", {"n": 2}))


def _process(home: Path, url: str, number: int, kill_after: int, send: str) -> subprocess.CompletedProcess[str]:
    module = ("-m", "tests.durability.hook_process")
    command = [sys.executable, *module, str(home), url, f"process-{number}", str(kill_after), send]
    environment = {**os.environ, "PYTHONPATH": f"{SOURCE}:{SOURCE.parent}"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


async def test_a_kill_after_every_commit(tmp_path: Path) -> None:
    ends: list[tuple[bool, str]] = []
    with ScriptedModel(_script) as model:
        for commit in range(1, _MOST_COMMITS):
            home = tmp_path / str(commit)
            home.mkdir()
            killed = await asyncio.to_thread(_process, home, model.url, 1, commit, "yes")
            taken = "taken" in killed.stdout
            after = await asyncio.to_thread(_process, home, model.url, 2, 0, "no" if taken else "yes")
            assert after.returncode == 0, after.stderr
            ends.append((taken, await _checked(home)))
            if killed.returncode == 0:
                break
            assert killed.returncode == -signal.SIGKILL, killed.stderr
        else:
            raise AssertionError("the call was never seen through")
    assert {taken for taken, _ in ends} == {True, False}
    assert ends[-1] == (True, "completed") and (True, "interrupted") in ends


async def _checked(home: Path) -> str:
    """How the one run ended, once everything else has been looked at."""
    async with open_database(f"sqlite:///{home}/db") as database, database.read() as connection:
        (status,) = [row.status for row in await connection.execute(select(agent_runs))]
        (delivery,) = [row.status for row in await connection.execute(select(hook_deliveries))]
        (event,) = [row.text for row in await connection.execute(select(system_events))]
    effects = (home / "effects").read_text().splitlines() if (home / "effects").exists() else []
    sent = Records(home / "records.jsonl").read("sent")
    assert delivery == "done" and len(effects) <= 1
    assert len({each["key"] for each in sent}) <= 1 and len(sent) <= 2, "a channel knows the key of what is sent twice"
    if status == "completed":
        assert event == "Hook Post: All done." and len(effects) == 1 and sent
    else:
        assert status == "interrupted" and event.startswith("Hook Post (error)") and not sent
    return str(status)
