"""Healing at work: follows the health of the gateway, finds the cause, does the mildest remedy that fits, looks whether it
helped, and writes all of it down."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.happenings import HEAL_CHANGED, Event
from crawdad.core.healing import RETENTION_SECONDS, Cause, HealEvent, HealFolder, Remedy
from crawdad.core.machine import MemoryUse
from crawdad.core.operation_settings import HealingSettings
from crawdad.core.pacing import until_next
from crawdad.core.ports import Bus, Clock, Randomness
from crawdad.core.tasks import LogLine, Words
from crawdad.core.text import Text
from crawdad.services.healing.diagnosis import Diagnosis, Evidence, SeenPart, diagnose, memory_diagnosis
from crawdad.services.healing.policy import DISRUPTIVE, WHILE_RUNNING, WINDOW_SECONDS, Rule, Step, Verdict, decide
from crawdad.services.healing.reports import report_name, report_text, summary
from crawdad.services.health import HealthReport

ROUND_SECONDS = 5.0
MEMORY_SECONDS = 2.0
VERIFY_SECONDS = 3.0
_ACT_SECONDS = 180.0
_TIDY_SECONDS = 3600.0
_MOST_KEPT = 500

_log = structlog.get_logger(__name__)
Act = Callable[[Diagnosis], Awaitable[Words]]
"""Does a remedy: what was done, in words. Raises `GatewayError` where it cannot be done."""


class Store(Protocol):
    """Where events are kept."""

    async def put(self, event: HealEvent) -> None: ...

    async def newest(self, limit: int) -> list[HealEvent]: ...

    async def since(self, at: float) -> list[HealEvent]: ...

    async def running(self) -> list[HealEvent]: ...

    async def delete_before(self, at: float) -> int: ...


@dataclass(frozen=True, slots=True)
class HealingParts:
    """What healing works with. `look` has the health looked at anew. `memory`: what the process takes. `reconnectable`:
    accounts of channels that are not connected and could be. `unconnected`: those of some that have not shown yet that they
    are. `damage`: what the database says where it is damaged, looked through before anything is done about it. `busy`: what
    else is under way (empty: nothing). `leaving`: this process makes way for another. `explain` has a paragraph written
    about an event, some time."""

    store: Store
    folder: HealFolder
    report: Callable[[], HealthReport]
    look: Callable[[], Awaitable[HealthReport]]
    memory: Callable[[], Awaitable[MemoryUse]]
    reconnectable: Callable[[], Sequence[str]]
    unconnected: Callable[[Sequence[str]], Sequence[str]]
    damage: Callable[[], Awaitable[Words | None]]
    busy: Callable[[], Awaitable[str]]
    leaving: Callable[[], bool]
    acts: Mapping[Remedy, Act]
    resume: Callable[[], Awaitable[bool]]
    explain: Callable[[HealEvent], None] = lambda _: None


class Healing:
    """Of this process. `keep_watching` and `keep_watching_memory` are to be run."""

    def __init__(
        self,
        parts: HealingParts,
        bus: Bus,
        clock: Clock,
        randomness: Randomness,
        settings: Callable[[], HealingSettings],
        runner: str = "",
    ) -> None:
        self.folder = parts.folder
        self._parts = parts
        self._store = parts.store
        self._bus = bus
        self._clock = clock
        self._randomness = randomness
        self._settings = settings
        self._runner = runner
        self._since: dict[str, float] = {}
        self._past: list[HealEvent] = []
        self._at_work: set[Cause] = set()
        self._told: dict[tuple[Cause, str], float] = {}
        self._one_disruption = asyncio.Lock()
        self._tidied = float("-inf")

    async def newest(self, limit: int = 50) -> list[HealEvent]:
        """What happened, the newest first."""
        return await self._store.newest(limit)

    async def load(self) -> None:
        """What was tried lately counts, whichever process tried it. While there is no database, what stands in the journal of
        it: else every process would begin to count anew. How that ended nobody knows yet; that this process is there is no
        failure."""
        after = self._clock.now() - WINDOW_SECONDS
        try:
            self._past = await self._store.since(after)
            return
        except GatewayError as error:
            _log.warning("healing_not_read", reason=error.message())
        try:
            noted = [event for event in await self.folder.noted() if event.at > after and event.place == "application"]
        except GatewayError:
            return
        self._past = [replace(event, status="healed") if event.status == "running" else event for event in noted]

    async def keep_watching(self) -> None:
        """Look again and again, for ever."""
        while True:
            await self._clock.sleep(until_next(self._clock.monotonic(), ROUND_SECONDS))
            await self._guarded(self.look())

    async def keep_watching_memory(self) -> None:
        """The same for memory, which does not wait for a round."""
        while True:
            await self._clock.sleep(until_next(self._clock.monotonic(), MEMORY_SECONDS))
            await self._guarded(self.look_at_memory())

    async def look(self) -> None:
        """One round: everything that is wrong is considered."""
        if not self._settings().enabled or self._parts.leaving():
            return
        evidence = await self._evidence()
        for found in diagnose(evidence):
            rule = WHILE_RUNNING[found.cause]
            if evidence.now - found.since >= rule.bad_seconds:
                await self.consider(found, rule)
        await self._tidy()

    async def look_at_memory(self) -> None:
        """Memory that is short is acted upon before the kernel does."""
        settings = self._settings()
        if self._parts.leaving():
            return
        if not settings.enabled:
            await self._parts.resume()
            return
        memory = await self._parts.memory()
        if memory.percent < settings.memory.shed_percent:
            if memory.percent < settings.memory.shed_percent - 10 and await self._parts.resume():
                _log.info("healing_resumed", percent=round(memory.percent))
            return
        rule = WHILE_RUNNING["memory"]
        if memory.percent >= settings.memory.replace_percent:
            rule = Rule(tuple(step for step in rule.ladder if step.remedy != "shed_load"))
        await self.consider(memory_diagnosis(memory, self._clock.now()), rule)

    async def consider(self, found: Diagnosis, rule: Rule) -> HealEvent | None:
        """Do what the policy says, where it says anything: how it ended."""
        if found.cause in self._at_work:
            return None
        settings, now = self._settings(), self._clock.now()
        verdict = decide(rule, found.cause, found.subject, self._past, now, settings.most_per_hour)
        if verdict.step is None:
            return None
        episode = found.cause, found.subject
        if verdict.step.remedy == "tell" and self._told.get(episode) == found.since:
            return None  # it has been like this ever since it was told
        task = await self._parts.busy()
        if task:
            _log.info("healing_waits", cause=found.cause, task=task)
            return None
        if verdict.step.remedy == "tell":
            self._told[episode] = found.since
        self._at_work.add(found.cause)
        try:
            if verdict.step.remedy in DISRUPTIVE:
                async with self._one_disruption:
                    return await self._act(found, verdict)
            return await self._act(found, verdict)
        finally:
            self._at_work.discard(found.cause)

    async def note(self, event: HealEvent) -> None:
        """Keep an event that somebody else has made: written down, told, with its report."""
        await self._keep(event, ended=event.status != "running")

    async def _act(self, found: Diagnosis, verdict: Verdict) -> HealEvent:
        step = verdict.step
        assert step is not None
        event = self._event(found, step)
        if verdict.exhausted:
            event = self._step(event, Text("healing.why.exhausted", {"count": self._tries_of(found)}))
        _log.warning("healing", cause=found.cause, subject=found.subject, remedy=step.remedy, id=event.id)
        if step.remedy == "tell":
            event = replace(event, status="told", ended_at=self._clock.now())
            await self._keep(event, ended=True)
            return event
        await self._keep(event, ended=False)
        words: Words
        try:
            async with asyncio.timeout(_ACT_SECONDS):
                words = await self._parts.acts[step.remedy](found)
        except (GatewayError, TimeoutError, OSError) as error:
            if isinstance(error, TimeoutError):
                words = Text("healing.too_long", {"seconds": f"{_ACT_SECONDS:g}"})
            else:
                words = error.text if isinstance(error, GatewayError) else str(error) or type(error).__name__
            event = self._step(event, Text("healing.step.failed", {"error": words}))
            event = replace(event, status="failed", error=words, ended_at=self._clock.now())
        else:
            event = await self._verified(self._step(event, words), found, step)
        if self._parts.leaving():
            return event  # whoever comes after tells how it ended
        await self._keep(event, ended=True)
        return event

    async def _verified(self, event: HealEvent, found: Diagnosis, step: Step) -> HealEvent:
        """Whether it helped, within the time that the policy gives it."""
        began, tries = self._clock.monotonic(), 0
        while True:
            tries += 1
            try:
                well = await self._is_well(found)
            except GatewayError:
                well = False
            passed = self._clock.monotonic() - began
            event = replace(event, verify_tries=tries, verify_ms=round(passed * 1000))
            if well:
                event = self._step(event, Text("healing.step.well"))
                return replace(event, status="healed", ended_at=self._clock.now())
            late = passed >= step.verify_seconds or self._parts.leaving()
            if late or (step.remedy == "shed_load" and await self._is_nearly_full(found)):
                words = Text("healing.step.not_well", {"seconds": round(passed)})
                event = replace(self._step(event, words), error=words)
                return replace(event, status="failed", ended_at=self._clock.now())
            await self._clock.sleep(VERIFY_SECONDS)

    async def _is_nearly_full(self, found: Diagnosis) -> bool:
        """Whether there is no time to wait for a mild remedy: memory goes on growing."""
        if found.cause != "memory":
            return False
        return (await self._parts.memory()).percent >= self._settings().memory.replace_percent

    async def _is_well(self, found: Diagnosis) -> bool:
        match found.cause:
            case "memory":
                return (await self._parts.memory()).percent < self._settings().memory.shed_percent
            case "plugin":
                return True
            case "database":
                return await self._parts.damage() is None
        report = await self._parts.look()
        if found.cause == "channels":
            return not self._parts.reconnectable() and not self._parts.unconnected(found.accounts)
        part = report.parts.get(found.part)
        return part is None or part.finding.level == "ok"

    async def _evidence(self) -> Evidence:
        report, now = self._parts.report(), self._clock.now()
        bad = {name: part for name, part in report.parts.items() if part.held.level != "ok"}
        self._since = {name: min(self._since.get(name, now), now) for name in bad}
        parts = {name: SeenPart(part.held.level, self._since[name], part.finding.words) for name, part in bad.items()}
        return Evidence(now, parts, reconnectable=self._parts.reconnectable(), damage=await self._parts.damage())

    def _event(self, found: Diagnosis, step: Step) -> HealEvent:
        now = self._clock.now()
        begin = Text("healing.step.begin", {"remedy": Text(f"healing.remedy.{step.remedy}")})
        event = HealEvent(
            id=self._randomness.new_id(),
            at=now,
            cause=found.cause,
            remedy=step.remedy,
            subject=found.subject,
            confidence=found.confidence,
            seen=found.seen,
            steps=(LogLine(now, begin),),
        )
        return replace(event, report=report_name(event))

    def _step(self, event: HealEvent, words: Words) -> HealEvent:
        return replace(event, steps=(*event.steps, LogLine(self._clock.now(), words)))

    def _tries_of(self, found: Diagnosis) -> int:
        same = (found.cause, found.subject)
        return sum((event.cause, event.subject) == same and event.remedy != "tell" for event in self._past)

    async def _keep(self, event: HealEvent, *, ended: bool) -> None:
        """Written down wherever there is room, and told."""
        now = self._clock.now()
        others = [each for each in self._past if each.id != event.id and each.at > now - WINDOW_SECONDS]
        self._past = sorted((*others, event), key=lambda each: each.at)[-_MOST_KEPT:]
        try:
            await self._store.put(event)
        except GatewayError as error:
            _log.error("healing_not_kept", reason=error.message())
            await self._quietly(self.folder.note(event))
        if event.report:
            await self._quietly(self.folder.write_report(event.report, report_text(event)))
            if ended:
                self._parts.explain(event)
        await self._quietly(self._bus.publish(Event(HEAL_CHANGED, told(event), now, self._runner)))

    async def _quietly(self, work: Awaitable[object]) -> None:
        try:
            await work
        except GatewayError as error:
            _log.warning("healing_not_told", reason=error.message())

    async def _tidy(self) -> None:
        now = self._clock.monotonic()
        if now - self._tidied >= _TIDY_SECONDS:
            self._tidied = now
            await self._quietly(self._store.delete_before(self._clock.now() - RETENTION_SECONDS))

    async def _guarded(self, work: Awaitable[None]) -> None:
        try:
            await work
        except Exception as error:  # whoever heals must not fall ill of what it looks at
            _log.warning("healing_failed", reason=str(error) or type(error).__name__)


def told(event: HealEvent) -> dict[str, object]:
    """An event as it travels on the bus. Pure."""
    return {
        "id": event.id,
        "cause": event.cause,
        "remedy": event.remedy,
        "place": event.place,
        "status": event.status,
        "subject": event.subject,
        "report": event.report,
        "at": event.at,
        "words": {language: summary(event, language) for language in ("en", "zh")},
    }


def unavailable(key: str, **values: object) -> GatewayError:
    """A remedy that cannot be done."""
    return GatewayError(ErrorKind.UNAVAILABLE, Text(key, values))
