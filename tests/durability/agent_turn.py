"""One process that takes a turn of an agent, and may be killed (SIGKILL) right after its n-th commit.

    python -m tests.durability.agent_turn HOME UPSTREAM_URL NAME KILL_AFTER

The tool `write` adds a line to HOME/effects. Without a kill the process waits until every run has ended.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from crawdad.core.parts import JsonObject
from crawdad.core.tools import ToolContext, ToolOutcome, told
from crawdad.store.database import Database
from tests.support.agent_stage import FakeRunner, FakeTool, config, stage
from tests.support.scripted_model import MODEL
from tests.support.upstreams.protocols import provider
from tests.support.waiting import PATIENCE, until

KEY = "once"


@dataclass
class Writing(FakeTool):
    """Changes something that outlasts the process."""

    file: Path = Path()

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        def write() -> None:
            with self.file.open("a") as file:
                file.write(context.call_id + "\n")

        await asyncio.to_thread(write)
        return told("written")


def kill_after(count: int) -> None:
    """From now on the process lives for so many commits."""
    plain, plain_at_once = Database.write, Database.write_at_once
    done = 0

    def committed() -> None:
        nonlocal done
        done += 1
        if done == count:
            os.kill(os.getpid(), signal.SIGKILL)

    @asynccontextmanager
    async def counted(self: Database) -> AsyncIterator[AsyncConnection]:
        async with plain(self) as connection:
            yield connection
        committed()

    async def counted_at_once(self: Database, work: Callable[[sqlite3.Connection], Any]) -> Any:
        result = await plain_at_once(self, work)
        committed()
        return result

    Database.write = counted  # type: ignore[method-assign]
    Database.write_at_once = counted_at_once  # type: ignore[method-assign]


async def _main(home: Path, url: str, name: str, commits: int) -> None:
    tool = Writing("write", independent=False, file=home / "effects")
    settings = config(provider("chat", url, [MODEL]))
    runner = FakeRunner(name, {f"process-{number}" for number in range(100)} - {name})
    async with stage(f"sqlite:///{home}/db", home, settings, tools=[tool, FakeTool("look")], runner=runner) as agents:
        if commits:
            kill_after(commits)
            run_id = await agents.order("Go", idempotency_key=KEY)
            await agents.agents.runs.wait(run_id)
        else:
            run_id = await agents.order("Go", idempotency_key=KEY)
            state = await agents.agents.runs.wait(run_id, PATIENCE)

            async def quiet() -> bool:
                return not await agents.agents.runs.active(state.session_key)

            await until(quiet)
            print(json.dumps([state.status, state.text]))


if __name__ == "__main__":
    import uvloop

    uvloop.run(_main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])))
