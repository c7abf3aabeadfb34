"""Healing put together: what a running application can do about itself."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import structlog

from crawdad.adapters.heal_folder import LocalHealFolder
from crawdad.adapters.last_good_file import LocalLastGood
from crawdad.adapters.machine import LocalMemory
from crawdad.app.crashes import events_up_to_this_start
from crawdad.app.plugins import STEPS
from crawdad.app.remedies import Healed, Remedies
from crawdad.core.errors import GatewayError
from crawdad.core.happenings import Event
from crawdad.core.healing import Cause, HealEvent
from crawdad.core.health import HealthLevel
from crawdad.core.operation_settings import HealingAnalysisSettings, HealingSettings
from crawdad.core.plugins import PLUGIN_DOWN
from crawdad.core.tasks import LogLine, Words
from crawdad.core.text import Text
from crawdad.plugins.step_record import died_in_steps
from crawdad.services.agent_tools.model_calls import ToolModelCalls
from crawdad.services.healing.analysis import Analysis
from crawdad.services.healing.intake import Intake
from crawdad.services.healing.last_good import LastGoodRecord
from crawdad.services.healing.policy import WINDOW_SECONDS
from crawdad.services.healing.reports import report_name, report_text
from crawdad.services.healing.service import Healing, HealingParts
from crawdad.services.health.inner import reconnectable, unconnected
from crawdad.store.healing import HealEventStore
from crawdad.store.key_values import KeyValues
from crawdad.store.rate_windows import RateWindows

_log = structlog.get_logger(__name__)


class RunningHealing:
    """Healing, and what starts it once the application is whole. `leaving`: the process makes way for another; `end` ends it
    with an exit code."""

    def __init__(self, healing: Healing, remedies: Remedies, start: Callable[[], None]) -> None:
        self.healing = healing
        self._remedies, self._start = remedies, start

    def begin(self, leaving: Callable[[], bool], end: Callable[[int], None]) -> None:
        """From now on."""
        self._remedies.leaving, self._remedies.end = leaving, end
        self._start()


def make_healing(healed: Healed) -> RunningHealing:
    """Healing, yet to begin. In safe mode nothing is done."""
    world, clock, home = healed.world, healed.world.clock, Path(healed.world.home)

    def settings() -> HealingSettings:
        return world.settings().healing

    name = f"{socket.gethostname()}:{home}"
    store = HealEventStore(world.database, name)
    folder = LocalHealFolder(home, lambda: settings().reports)
    remedies = Remedies(healed)
    parts = HealingParts(
        store=store,
        folder=folder,
        report=lambda: healed.health.report,
        look=healed.health.look,
        memory=LocalMemory(lambda: settings().memory.limit_megabytes).memory,
        reconnectable=lambda: [str(account) for account in reconnectable(remedies.host(), clock.now())],
        unconnected=lambda names: unconnected(remedies.host(), clock.now(), names),
        damage=remedies.damage,
        busy=remedies.busy,
        leaving=lambda: remedies.leaving(),
        acts=remedies.acts(),
        resume=remedies.resume,
        explain=_analyst(healed, folder),
    )
    healing = Healing(parts, world.cluster.bus, clock, world.randomness, settings, world.runner)

    async def steps() -> Sequence[tuple[float, str]]:
        now = clock.now()
        return await asyncio.to_thread(died_in_steps, home / STEPS, now, now - WINDOW_SECONDS)

    async def supervisor_log() -> Sequence[Mapping[str, Any]]:
        return await events_up_to_this_start(home, clock)

    values = KeyValues(world.database)
    intake = Intake(healing, store, values, clock, lambda: healed.health.report, supervisor_log, steps)

    def level() -> HealthLevel | None:
        report = healed.health.report
        return report.level if report.checked_at is not None else None

    last_good = LastGoodRecord(
        LocalLastGood(home),
        healed.operations.backups,
        level,
        remedies.plugins,
        lambda: settings().stable_minutes * 60,
        clock,
    )

    # From now on, not from the beginning of the healing: plugins are loaded, and set down, before that.
    set_down = None if healed.safe_mode else world.cluster.bus.subscribe([PLUGIN_DOWN])

    async def work() -> None:
        await healing.load()
        healed.tasks.start(healing.keep_watching_memory(), "memory watched")
        await intake.keep_trying(name)

    async def note_restore(cause: Cause, words: Words) -> None:
        """A restore has ended by itself: with a report, as whatever the gateway does about itself."""
        now = clock.now()
        noted = HealEvent(
            world.randomness.new_id(), now, cause, "tell", status="told", subject="restore", seen=(words,)
        )
        await healing.note(replace(noted, report=report_name(noted), ended_at=now))

    healed.operations.restores.told = note_restore

    def start() -> None:
        if set_down is None:
            return
        healed.tasks.start(work(), "healing of others")
        healed.tasks.start(healing.keep_watching(), "healing")
        healed.tasks.start(_follow_plugins(set_down, healed, healing), "plugins set down")
        healed.tasks.start(last_good.keep(lambda: settings().enabled), "last good")

    return RunningHealing(healing, remedies, start)


def _analyst(healed: Healed, folder: LocalHealFolder) -> Callable[[HealEvent], None]:
    """Has what a model says of an event added to its report, beside everything else."""
    world = healed.world

    def settings() -> HealingAnalysisSettings:
        return world.settings().healing.analysis

    calls = ToolModelCalls(healed.front, world.clock, world.randomness)
    analysis = Analysis(calls, RateWindows(world.database, world.clock), settings)

    async def write(event: HealEvent) -> None:
        try:
            text = await analysis.explain(event)
            if text:
                await folder.write_report(event.report, report_text(event, text))
        except (GatewayError, TimeoutError) as error:
            _log.warning("healing_not_explained", reason=str(error) or type(error).__name__)

    def explain(event: HealEvent) -> None:
        if settings().model is not None and event.report:
            healed.tasks.start(write(event), "analysis of a fault")

    return explain


async def _follow_plugins(events: AsyncIterator[Event], healed: Healed, healing: Healing) -> None:
    """A plugin that its guard has set down is healing too, and is told as such."""
    world = healed.world
    async for event in events:
        if event.topic != PLUGIN_DOWN or event.origin != world.runner:
            continue
        plugin, reason = str(event.data["plugin"]), str(event.data["reason"])[:500]
        steps = (LogLine(event.at, Text("healing.step.set_down", {"plugin": plugin})),)
        noted = HealEvent(
            id=world.randomness.new_id(),
            at=event.at,
            cause="plugin",
            remedy="set_down_plugin",
            status="healed",
            subject=plugin,
            seen=(Text("healing.seen.plugin_down", {"plugin": plugin, "reason": reason}),),
            steps=steps,
            verify_tries=1,
            verify_ms=0,
            ended_at=event.at,
        )
        await healing.note(replace(noted, report=report_name(noted)))
