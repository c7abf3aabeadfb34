"""The look before a start, after starts that failed or processes that died again and again: with the full code, while no
application runs. What is evidently wrong is seen to first; what may only be guessed comes after it, one guess at a time.

Nothing here trusts that the database can be opened. What is done is written into the journal, which the next application that
does well takes into its table."""

from __future__ import annotations

from dataclasses import replace

import structlog

from crawdad.core.errors import GatewayError
from crawdad.core.healing import HealEvent, Remedy
from crawdad.core.tasks import LogLine, Words
from crawdad.core.text import Text
from crawdad.services.configuration.loading import Loaded
from crawdad.services.healing.policy import BEFORE_A_START, WINDOW_SECONDS, decide
from crawdad.services.healing.reports import report_name, report_text
from crawdad.services.healing.start import Found, MendingParts, StartFacts
from crawdad.services.healing.start_remedies import StartRemedies
from crawdad.services.healing.start_signs import StartSigns

_MOST_TRIES = 4

_log = structlog.get_logger(__name__)


class Mending:
    """One look."""

    def __init__(self, parts: MendingParts) -> None:
        self._parts = parts
        self._signs, self._remedies = StartSigns(parts), StartRemedies(parts)
        self._past: list[HealEvent] = []
        self.events: list[HealEvent] = []
        """What came of it."""

    async def run(self, facts: StartFacts) -> bool:
        """Whether something was done, so that another start is worth it."""
        await self._recall()
        loaded = await self._parts.load()
        if not await self._is_on(loaded):
            return False
        if facts.reason == "port":
            await self._tell(await self._signs.port(facts))
            return False
        acted = False
        evident = await self._signs.evident(facts, loaded)
        for found in evident:
            acted |= await self._treat(found, facts.last)
        if not acted and not evident:
            guess = await self._signs.guess(facts, loaded)
            acted = guess is not None and await self._treat(guess, facts.last)
        if not acted and facts.last and not any(event.remedy == "safe_mode" for event in self.events):
            await self._safe_mode(self._unsolved(facts))
        return acted

    def _unsolved(self, facts: StartFacts) -> Found:
        """What safe mode is for: the first of what was found and could not be helped, else that it fails."""
        failures = Text("healing.seen.failures", {"count": facts.failures, "how": facts.how})
        if self.events:
            first = self.events[0]
            return Found(first.cause, (*first.seen, failures), first.subject, first.confidence)
        return Found("crash", (failures, Text("healing.seen.nothing")), confidence=0.3)

    async def _recall(self) -> None:
        """What was tried here lately: what an application did, or asked for, is its own affair. Of a remedy that nobody has
        seen to help since, it is known now that it did not. Salvage that was cut off in its midst is begun anew once: it did
        not fail, and what comes after it loses more."""
        now = self._parts.clock.now()
        cut_off = 0
        for event in await self._parts.folder.noted():
            if event.place != "start":
                continue
            if event.status == "running":
                event = replace(event, status="failed", ended_at=now)
                await self._parts.folder.note(event)
            if event.at <= now - WINDOW_SECONDS:
                continue
            if event.remedy == "salvage_database" and len(event.steps) == 1:
                cut_off += 1
                if cut_off == 1:
                    continue
            self._past.append(event)

    async def _is_on(self, loaded: Loaded) -> bool:
        if loaded.settings is not None:
            return loaded.settings.healing.enabled
        good = self._parts.last_good
        return good is None or good.healing

    # What is done

    async def _treat(self, found: Found, last: bool) -> bool:
        """Do the mildest remedy that is left, and where that cannot be done, the next one at once."""
        tried = False
        while True:
            now = self._parts.clock.now()
            verdict = decide(BEFORE_A_START[found.cause], found.cause, found.subject, self._past, now, _MOST_TRIES)
            if verdict.step is None:
                return False
            if verdict.step.remedy in ("safe_mode", "tell"):
                if last and not tried:  # before, it is begun anew once more, and that is told by nobody
                    await self._safe_mode(found)
                return False
            if await self._tried(verdict.step.remedy, found):
                return True
            tried = True

    async def _tried(self, remedy: Remedy, found: Found) -> bool:
        """Whether it could be done."""
        event = self._event(found, remedy)
        await self._keep(event)  # killed meanwhile, it counts as tried
        try:
            done = await self._remedies.do(remedy, found)
        except GatewayError as error:
            event = self._step(event, Text("healing.step.failed", {"error": error.text}))
            event = replace(event, status="failed", error=error.text, ended_at=self._parts.clock.now())
            await self._keep(event)
            self.events.append(event)
            self._past.append(event)
            return False
        for words in (done.words, *done.more):
            event = self._step(event, words)
        event = replace(event, difference=done.difference)
        await self._keep(event)
        self.events.append(event)
        return True

    async def _tell(self, found: Found) -> None:
        now = self._parts.clock.now()
        event = replace(self._event(found, "tell"), status="told", ended_at=now)
        await self._keep(event)
        self.events.append(event)

    async def _safe_mode(self, found: Found) -> None:
        now = self._parts.clock.now()
        event = replace(self._event(found, "safe_mode"), status="told", ended_at=now)
        await self._keep(event)
        self.events.append(event)

    def _event(self, found: Found, remedy: Remedy) -> HealEvent:
        now = self._parts.clock.now()
        begin = Text("healing.step.begin", {"remedy": Text(f"healing.remedy.{remedy}")})
        event = HealEvent(
            id=self._parts.randomness.new_id(),
            at=now,
            cause=found.cause,
            remedy=remedy,
            place="start",
            subject=found.subject,
            confidence=found.confidence,
            seen=found.seen,
            steps=(LogLine(now, begin),),
        )
        return replace(event, report=report_name(event))

    def _step(self, event: HealEvent, words: Words) -> HealEvent:
        return replace(event, steps=(*event.steps, LogLine(self._parts.clock.now(), words)))

    async def _keep(self, event: HealEvent) -> None:
        """A disk that takes nothing more is no reason not to go on."""
        for work in (self._parts.folder.note(event), self._parts.folder.write_report(event.report, report_text(event))):
            try:
                await work
            except GatewayError as error:
                _log.error("healing_not_kept", reason=error.message())
