"""What others did while this process was not there: the look before a start, the supervisor, the process before this one. It is
taken into the table, and now it is known whether it helped."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog

from crawdad.core.errors import GatewayError
from crawdad.core.healing import HealEvent, HealFolder
from crawdad.core.ports import Clock
from crawdad.core.tasks import LogLine
from crawdad.core.text import Text
from crawdad.services.healing.policy import WINDOW_SECONDS
from crawdad.services.healing.service import Healing, Store
from crawdad.services.healing.supervisor_log import crash_event, crashes_in, newest_in, returns_in
from crawdad.services.health import HealthReport
from crawdad.store.key_values import KeyValues

PATIENCE_SECONDS = 60.0
_LOOK_SECONDS = 1.0
_NEAR_SECONDS = 30.0

_log = structlog.get_logger(__name__)


class Intake:
    """Once a process. `supervisor_log`: the lines of the supervisor's log; `steps`: when processes died in code of which
    plugins."""

    def __init__(
        self,
        healing: Healing,
        store: Store,
        values: KeyValues,
        clock: Clock,
        report: Callable[[], HealthReport],
        supervisor_log: Callable[[], Awaitable[Sequence[Mapping[str, Any]]]],
        steps: Callable[[], Awaitable[Sequence[tuple[float, str]]]],
    ) -> None:
        self._healing, self._store, self._values, self._clock = healing, store, values, clock
        self._report, self._supervisor_log, self._steps = report, supervisor_log, steps

    async def keep_trying(self, name: str) -> None:
        """Until it is done; without a database it waits for one."""
        while True:
            try:
                return await self.run(name)
            except GatewayError as error:
                _log.warning("healing_not_taken_in", reason=error.message())
            await self._clock.sleep(PATIENCE_SECONDS)

    async def run(self, name: str) -> None:
        """Wait until it is known how this process does, then tell. `name` is that of this installation. Raises what the
        database does."""
        well = await self._does_well()
        folder: HealFolder = self._healing.folder
        now = self._clock.now()
        known = {event.id: event.status for event in await self._store.since(now - 2 * WINDOW_SECONDS)}
        journal = [event for event in await folder.noted() if known.get(event.id, "running") == "running"]
        mine = [event for event in await self._store.running() if all(event.id != each.id for each in journal)]
        for event in (*journal, *mine):
            ended = self._ended(event, well)
            await self._healing.note(ended)
            await folder.note(ended)
        await self._take_crashes(name, now, well, known)
        await folder.forget(now - WINDOW_SECONDS)
        await self._healing.load()

    async def _take_crashes(self, name: str, now: float, well: bool, known: Mapping[str, str]) -> None:
        """What the supervisor wrote down since the last look. A mark that lies ahead is that of a clock that was put back
        since: then it is looked for in all that is recent, and what is known by now is passed over."""
        key = f"healing.taken:{name}"
        mark = await self._values.get(key)
        lines = await self._supervisor_log()
        since = float(mark) if isinstance(mark, int | float) and mark <= now else now - WINDOW_SECONDS
        crashes, returns = crashes_in(lines, since), returns_in(lines, since)
        steps = await self._steps() if crashes else ()
        found = list(returns)
        for crash in crashes:
            near = [plugin for at, plugin in steps if 0 <= at - crash.at < _NEAR_SECONDS]
            found.append(crash_event(crash, list(dict.fromkeys(near))))
        for event in sorted(found, key=lambda event: event.at):
            if event.id not in known:
                await self._healing.note(self._ended(event, well))
        newest = newest_in(lines, since)
        if newest != mark:  # without a crash, too: the next one may have to wait for a long time in safe mode
            await self._values.put(key, newest)

    def _ended(self, event: HealEvent, well: bool) -> HealEvent:
        """It is known now whether a process serves."""
        if event.status != "running":
            return event
        now = self._clock.now()
        took = max(0, round((now - event.at) * 1000))
        words = Text("healing.step.serves") if well else Text("healing.step.not_well", {"seconds": took // 1000})
        event = replace(event, steps=(*event.steps, LogLine(now, words)), verify_tries=1, verify_ms=took, ended_at=now)
        return replace(event, status="healed") if well else replace(event, status="failed", error=words)

    async def _does_well(self) -> bool:
        until = self._clock.monotonic() + PATIENCE_SECONDS
        while self._clock.monotonic() < until:
            report = self._report()
            if report.checked_at is not None and report.level != "down":
                return True
            await self._clock.sleep(_LOOK_SECONDS)
        return False
