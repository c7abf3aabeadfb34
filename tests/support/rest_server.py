"""A gateway process whose REST interface talks to scripted agents over real sessions (`tests.support.scripted_runs`)."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from crawdad.app.agent_side import Ground
from crawdad.app.doors import AgentParts
from crawdad.app.launch import Launch
from crawdad.app.schedule import make_system_events
from crawdad.app.server import run
from crawdad.app.sessions import make_rest, make_sessions, start_sessions
from crawdad.plugins.http_routes import HttpRoutes
from crawdad.services.channels.outbound import OutboundChannels
from tests.support.agent_runs import Records, WrittenHeartbeats
from tests.support.scripted_runs import ScriptedRuns


@asynccontextmanager
async def open_agents(ground: Ground) -> AsyncIterator[AgentParts]:
    """Agents that follow a script."""
    world, tasks = ground.world, ground.tasks
    sessions = make_sessions(world)
    start_sessions(world, sessions, tasks)
    runs = ScriptedRuns(sessions, tasks)
    yield AgentParts(
        runs=runs,
        toolbox=ground.tools.toolbox,
        sessions=sessions,
        events=make_system_events(world),
        heartbeats=WrittenHeartbeats(Records(Path(world.home) / "records.jsonl")),
        outbound=OutboundChannels(),
        workspace_of=lambda agent_id: Path(world.home) / f"workspace-{agent_id}",
        plugins=HttpRoutes(),
        rest=make_rest(world, sessions, runs, tasks, runs.waiting),
    )


if __name__ == "__main__":
    launch = Launch.from_environment(sys.argv[sys.argv.index("--home") + 1])
    sys.exit(run(launch, open_agents=open_agents))
