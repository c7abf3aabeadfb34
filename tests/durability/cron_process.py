"""A process with a scheduler that kills itself at a chosen write: `python -m tests.durability.cron_process URL FOLDER WRITE
before|after [JOB]`, where JOB are more fields of the job, in JSON. What agents were asked for and what was sent outlasts it, in a file."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from crawdad.core.agents import Delivery, RunOrder, RunState, RunStatus
from crawdad.core.parts import JsonObject, Part
from crawdad.core.sessions import Route
from crawdad.store.database import Database, open_database
from tests.support.fakes import FakeClock
from tests.support.schedule import ALICE, FakeOutbound, FakeRunner, FakeRuns, office

BEGIN = 1_767_225_600.0
JOB = {
    "name": "job",
    "schedule": {"kind": "every", "everyMs": 60_000},
    "payload": {"kind": "agentTurn", "message": "look"},
    "delivery": {"mode": "announce", "channel": "telegram", "to": "7"},
}


class KeptRuns(FakeRuns):
    """Runs whose orders outlast the process; those of an earlier process count as cut off, or as `status` says."""

    def __init__(self, folder: Path, status: RunStatus = "interrupted") -> None:
        super().__init__()
        self._file = folder / "orders.jsonl"
        for number, line in enumerate(read(self._file), 1):
            state = RunState(f"run{number}", "main", "k", "s", status, 0.0, idempotency_key=line["key"])
            state.text = "done"
            self.states[state.id] = state
            self.orders.append(RunOrder("main", "k", ALICE, "cron", idempotency_key=line["key"]))

    async def start(self, order: RunOrder) -> str:
        before = len(self.orders)
        run_id = await super().start(order)
        if len(self.orders) > before:
            add(self._file, {"key": order.idempotency_key})
        return run_id


class KeptOutbound(FakeOutbound):
    """What is sent outlasts the process, each time that it is."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._file = folder / "sent.jsonl"

    async def send(self, route: Route, parts: Sequence[Part], *, key: str) -> Delivery:
        add(self._file, {"key": key})
        return await super().send(route, parts, key=key)


def add(path: Path, line: dict[str, str | None]) -> None:
    with path.open("ab") as file:
        file.write(orjson.dumps(line) + b"\n")


def read(path: Path) -> list[dict[str, str]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


class DeadlyDatabase(Database):
    """Ends the process before or after the given write is committed."""

    at = 0
    before = False
    count = 0

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        DeadlyDatabase.count += 1
        mine = DeadlyDatabase.count == self.at
        async with super().write() as connection:
            yield connection
            if mine and self.before:
                os.kill(os.getpid(), signal.SIGKILL)
        if mine:
            os.kill(os.getpid(), signal.SIGKILL)


async def main(url: str, folder: Path, write: int, before: bool, more: JsonObject) -> None:
    clock, runs = FakeClock(BEGIN), KeptRuns(folder)
    async with open_database(url) as database:
        async with office(database, clock, runs=runs, runner=FakeRunner("doomed")) as desk:
            await desk.jobs.create({**JOB, **more}, ALICE)
        database.__class__ = DeadlyDatabase
        DeadlyDatabase.at, DeadlyDatabase.before = write, before
        async with office(database, clock, runs=runs, runner=FakeRunner("doomed")) as desk:
            outbound = KeptOutbound(folder)
            desk.scheduler._running._deliveries._outbound = outbound
            await desk.look(60)
    print(DeadlyDatabase.count, flush=True)


if __name__ == "__main__":
    fields = orjson.loads(sys.argv[5]) if len(sys.argv) > 5 else {}
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "before", fields))
