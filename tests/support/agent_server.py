"""A gateway process whose agents follow a script (`tests.support.agent_runs`).

with running_gateway(settings({}), command=WITH_AGENTS) as gateway:
    records(gateway).read("order")
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from crawdad.app.agent_side import Ground
from crawdad.app.doors import AgentParts
from crawdad.app.launch import Launch
from crawdad.app.server import run
from tests.support.agent_plugin import plugin_routes
from tests.support.agent_runs import (
    Records,
    RememberedSessions,
    ScriptedRuns,
    WrittenEvents,
    WrittenHeartbeats,
    WrittenOutbound,
)
from tests.support.agent_tools import ScriptedToolbox
from tests.support.server import Gateway

WITH_AGENTS = (sys.executable, "-m", "tests.support.agent_server")


def records(gateway: Gateway) -> Records:
    """What the agents of a gateway were asked for."""
    return Records(gateway.home / "records.jsonl")


@asynccontextmanager
async def open_agents(ground: Ground) -> AsyncIterator[AgentParts]:
    """The parts that follow a script."""
    written = Records(Path(ground.world.home) / "records.jsonl")
    yield AgentParts(
        runs=ScriptedRuns(written),
        toolbox=ScriptedToolbox(),
        sessions=RememberedSessions(written),
        events=WrittenEvents(written),
        heartbeats=WrittenHeartbeats(written),
        outbound=WrittenOutbound(written),
        workspace_of=lambda agent_id: Path(ground.world.home) / f"workspace-{agent_id}",
        plugins=plugin_routes(ground.media),
    )


if __name__ == "__main__":
    launch = Launch.from_environment(sys.argv[sys.argv.index("--home") + 1])
    sys.exit(run(launch, open_agents=open_agents))
