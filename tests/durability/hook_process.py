"""One process that takes the call of a hook, and may be killed (SIGKILL) right after its n-th commit.

    python -m tests.durability.hook_process HOME UPSTREAM_URL NAME KILL_AFTER SEND

It prints `taken <run>` once the caller would hear 202. With SEND `no` it only goes on with what an earlier process left. The
tool `write` adds a line to HOME/effects; what goes to a channel is added to HOME/records.jsonl.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from crawdad.adapters.system import SystemClock, SystemRandomness
from crawdad.core.agents import Delivery
from crawdad.core.parts import Part
from crawdad.core.sessions import Route
from crawdad.services.hooks.service import HookParts, Hooks
from crawdad.services.hooks.templates import HookCall
from crawdad.services.schedule.system_events import StoredSystemEvents
from crawdad.services.tasks import Tasks
from crawdad.store.hook_deliveries import HookDeliveries
from crawdad.store.system_events import SystemEventStore
from tests.durability.agent_turn import Writing, kill_after
from tests.support.agent_runs import Records, WrittenHeartbeats
from tests.support.agent_stage import FakeRunner, FakeTool, config, stage
from tests.support.scripted_model import MODEL
from tests.support.upstreams.protocols import provider
from tests.support.waiting import until

CALL = HookCall("agent", {"message": "Look and write", "name": "Post", "channel": "telegram", "to": "ann"})
KEY = "once"


class CountedOutbound:
    """A channel that writes down every time something is sent."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def channels(self) -> Sequence[str]:
        return ("telegram",)

    async def send(self, route: Route, parts: Sequence[Part], *, key: str) -> Delivery:
        self._records.add("sent", to=route.to, key=key)
        return Delivery("delivered")


async def _main(home: Path, url: str, name: str, commits: int, send: bool) -> None:
    tool = Writing("write", independent=False, file=home / "effects")
    settings = config(provider("chat", url, [MODEL]), hooks={"enabled": True, "token": "a-hook-token-123"})
    runner = FakeRunner(name, {f"process-{number}" for number in range(100)} - {name})
    clock, randomness, records = SystemClock(), SystemRandomness(), Records(home / "records.jsonl")
    async with (
        stage(f"sqlite:///{home}/db", home, settings, tools=[tool, FakeTool("look")], runner=runner) as agents,
        Tasks() as tasks,
    ):
        hooks = Hooks(
            HookParts(
                runs=agents.agents.runs,
                events=StoredSystemEvents(SystemEventStore(agents.database), clock, randomness),
                heartbeats=WrittenHeartbeats(records),
                outbound=CountedOutbound(records),
                sessions=agents.sessions,
                transforms=None,  # type: ignore[arg-type]  # no mapping has one
                deliveries=HookDeliveries(agents.database),
                tasks=tasks,
                clock=clock,
                randomness=randomness,
                runner=runner,
                settings=lambda: settings,
            )
        )
        if commits:
            kill_after(commits)
        await hooks.recover()
        if send:
            _, run_id = await hooks.call(CALL, KEY)
            print("taken", run_id, flush=True)

        async def seen_through() -> bool:
            return not await HookDeliveries(agents.database).open()

        await until(seen_through)


if __name__ == "__main__":
    import uvloop

    uvloop.run(_main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5] == "yes"))
