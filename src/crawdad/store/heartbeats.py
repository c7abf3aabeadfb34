"""When the hearts of agents beat next: one row an agent, by which one process at a time gets a beat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson
from sqlalchemy import or_, select, update

from crawdad.core.parts import JsonObject
from crawdad.store.database import Database
from crawdad.store.question import Question
from crawdad.store.schedule_tables import heartbeats
from crawdad.store.upsert import insert_or_keep

_columns = heartbeats.c
_PULSES = Question(select(heartbeats))  # few rows, asked for every second


@dataclass(frozen=True, slots=True)
class Pulse:
    """An agent's pulse. While `running_until` is ahead, `runner` has a beat under way. Times are Unix seconds."""

    agent_id: str
    next_at: float
    runner: str = ""
    running_until: float = 0.0
    state: JsonObject = field(default_factory=dict)


class HeartbeatStore:
    """The table of pulses."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def pulses(self, agents: Sequence[str]) -> dict[str, Pulse]:
        """The pulses of agents that have one."""
        wanted = frozenset(agents)
        return {
            row["agent_id"]: Pulse(
                row["agent_id"], row["next_at"], row["runner"], row["running_until"], orjson.loads(row["state"])
            )
            for row in await self._database.ask_again(_PULSES)
            if row["agent_id"] in wanted
        }

    async def begin(self, agent_id: str, next_at: float) -> None:
        """Give an agent a pulse, unless it has one."""
        row = {"agent_id": agent_id, "next_at": next_at, "runner": "", "running_until": 0.0, "state": "{}"}
        async with self._database.write() as connection:
            await connection.execute(insert_or_keep(self._database.dialect, heartbeats), row)

    async def claim(self, pulse: Pulse, runner: str, now: float, until: float, next_at: float) -> bool:
        """Get the beat that was due at `pulse.next_at`. False: another has it, or the last one goes on."""
        free = or_(_columns.running_until <= now, _columns.runner == "")
        mine = update(heartbeats).where(
            _columns.agent_id == pulse.agent_id,
            _columns.next_at == pulse.next_at,
            _columns.runner == pulse.runner,
            free,
        )
        async with self._database.write() as connection:
            values = {"runner": runner, "running_until": until, "next_at": next_at}
            return (await connection.execute(mine.values(values))).rowcount == 1

    async def end(self, agent_id: str, runner: str, next_at: float | None, state: JsonObject) -> None:
        """The beat is over; `next_at` None: the next one is as planned."""
        mine = update(heartbeats).where(_columns.agent_id == agent_id, _columns.runner == runner)
        values: JsonObject = {"runner": "", "running_until": 0.0, "state": orjson.dumps(state).decode()}
        if next_at is not None:
            values["next_at"] = next_at
        async with self._database.write() as connection:
            await connection.execute(mine.values(values))

    async def plan(self, agent_id: str, next_at: float) -> None:
        """Move the next beat."""
        async with self._database.write() as connection:
            await connection.execute(update(heartbeats).where(_columns.agent_id == agent_id).values(next_at=next_at))
