"""What goes on in runs, told on the bus: whichever process has a run at work tells, and clients of any process hear of it.

A run that a client of the control channel began says so in `extra["control"]` of its order: `runId` is what the client
calls it, `sessionKey` the session as the client wrote it, `connection` who is told of its tools, `full`: with their results.
"""

from __future__ import annotations

import structlog

from crawdad.core.agents import RunState
from crawdad.core.errors import GatewayError
from crawdad.core.happenings import Event
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Bus, Clock
from crawdad.services.agents.execution import End
from crawdad.services.agents.runs import Runs, state_of
from crawdad.services.tasks import Tasks
from crawdad.store.runs import StoredRun
from crawdad.wire.control.turns import AGENT, RunNames, Told, TurnTeller

AGENT_NEWS, CHAT_NEWS = "agent_runs.news.agent", "agent_runs.news.chat"
"""`data` holds the `payload` as clients see it, and `only`: the one connection that is told (empty: all)."""

_log = structlog.get_logger(__name__)


class RunNews:
    """Follows the runs that are at work here."""

    def __init__(self, runs: Runs, bus: Bus, clock: Clock, tasks: Tasks, name: str) -> None:
        self.stopped_by: dict[str, str] = {}
        """Why somebody stops a run, where it is not by the method for it: set and taken back by whoever does."""
        self._runs = runs
        self._bus = bus
        self._clock = clock
        self._tasks = tasks
        self._name = name
        self._watched: set[str] = set()

    def begun(self, run: StoredRun, last_number: int) -> None:
        """A run is at work here."""
        self._watched.add(run.id)
        self._tasks.start(self._watch(run, last_number), f"news of run {run.id}")

    async def ended(self, run: StoredRun, end: End) -> None:
        """A run has ended; one that never was at work itself is told of now."""
        if run.id in self._watched:
            self._watched.discard(run.id)
            return
        state = await self._runs.look(run.id) or state_of(run)
        await self._tell_end(run, TurnTeller(names_of(run)), state)

    async def tell(self, event: str, payload: JsonObject) -> None:
        """Tell all clients something that is no run's."""
        await self._tell(Told(event, payload), "")

    async def _watch(self, run: StoredRun, last_number: int) -> None:
        teller = TurnTeller(names_of(run), last_number)
        only = str(_control(run).get("connection") or "")
        try:
            async for event in self._runs.follow(run.id, last_number):
                if event.kind == "lifecycle" and event.data.get("phase") in ("end", "error"):
                    state = await self._runs.look(run.id)
                    if state is not None:
                        await self._tell_end(run, teller, state)
                    return
                for told in teller.tell(event):
                    await self._tell(told, only)
        except GatewayError as error:
            _log.warning("run_not_followed", run_id=run.id, reason=error.message())

    async def _tell_end(self, run: StoredRun, teller: TurnTeller, state: RunState) -> None:
        reason = self.stopped_by.get(run.id, "rpc")
        at = state.ended_at if state.ended_at is not None else self._clock.now()
        for told in teller.ended(state, at, reason):
            await self._tell(told, "")

    async def _tell(self, told: Told, only: str) -> None:
        if told.own and not only:
            return
        data = {"payload": told.payload, "only": only if told.own else ""}
        topic = AGENT_NEWS if told.event == AGENT else CHAT_NEWS
        await self._bus.publish(Event(topic, data, self._clock.now(), self._name))


def names_of(run: StoredRun) -> RunNames:
    """How clients know a run."""
    control = _control(run)
    return RunNames(
        str(control.get("runId") or run.id),
        run.session_key,
        str(control.get("sessionKey") or ""),
        bool(control.get("full")),
    )


def _control(run: StoredRun) -> dict[str, object]:
    found = (run.order.get("extra") or {}).get("control")
    return found if isinstance(found, dict) else {}
