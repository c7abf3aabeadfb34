"""A gateway process with cron and a clock that the test moves; its agents answer `done` to everything.

with MovedClock(folder / "clock") as clock, running_gateway(settings({}), clock.environment, command=WITH_CRON) as gateway:
    clock.advance(60)
"""

from __future__ import annotations

import sys
from functools import partial

from crawdad.app import application
from crawdad.app.accounts import World
from crawdad.app.launch import Launch
from crawdad.app.schedule import ScheduleParts
from crawdad.app.server import run
from crawdad.services.schedule.system_events import StoredSystemEvents
from crawdad.services.tasks import Tasks
from tests.support.moved_clock import Clock
from tests.support.schedule import FakeOutbound, FakeRuns, FakeSessions

WITH_CRON = (sys.executable, "-m", "tests.support.schedule_server")


async def _no_checklist(agent_id: str) -> str | None:
    return None


def parts(world: World, tasks: Tasks, events: StoredSystemEvents) -> ScheduleParts:
    """Agents that answer at once."""
    return ScheduleParts(FakeRuns(), FakeSessions(), FakeOutbound(), _no_checklist)


def main() -> int:
    """Serve."""
    plain = application.open_application
    application.SystemClock = Clock  # type: ignore[attr-defined,assignment]
    application.open_application = partial(plain, schedule_parts=parts)
    return run(Launch.from_environment(sys.argv[sys.argv.index("--home") + 1]))


if __name__ == "__main__":
    sys.exit(main())
