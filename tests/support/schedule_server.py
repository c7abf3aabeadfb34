"""A gateway process with cron and a clock that the test moves; its agents answer `done` to everything.

with MovedClock(folder / "clock") as clock, running_gateway(settings({}), clock.environment, command=WITH_CRON) as gateway:
    clock.advance(60)
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from crawdad.app import application
from crawdad.app.agent_side import Ground
from crawdad.app.doors import AgentParts
from crawdad.app.launch import Launch
from crawdad.app.schedule import ScheduleParts, make_system_events, open_schedule
from crawdad.app.server import run
from crawdad.plugins.http_routes import HttpRoutes
from tests.support.moved_clock import Clock
from tests.support.schedule import FakeOutbound, FakeRuns, FakeSessions

WITH_CRON = (sys.executable, "-m", "tests.support.schedule_server")


async def _no_checklist(agent_id: str) -> str | None:
    return None


@asynccontextmanager
async def open_agents(ground: Ground) -> AsyncIterator[AgentParts]:
    """Agents that answer at once."""
    runs, sessions, outbound = FakeRuns(), FakeSessions(), FakeOutbound()
    events = make_system_events(ground.world)
    parts = ScheduleParts(runs, sessions, outbound, _no_checklist)
    async with open_schedule(ground.world, ground.runner, ground.door.holder, events, parts) as schedule:
        yield AgentParts(
            runs=runs,
            toolbox=ground.tools.toolbox,
            sessions=sessions,
            events=events,
            heartbeats=schedule.hearts,
            outbound=outbound,
            workspace_of=lambda agent_id: Path(ground.world.home) / f"workspace-{agent_id}",
            plugins=HttpRoutes(),
            jobs=schedule.jobs,
        )


def main() -> int:
    """Serve."""
    application.SystemClock = Clock  # type: ignore[attr-defined,assignment]
    launch = Launch.from_environment(sys.argv[sys.argv.index("--home") + 1])
    return run(launch, open_agents=open_agents)


if __name__ == "__main__":
    sys.exit(main())
