"""The activity log at work: entries queue up, are written in batches beside everything else, and are told on the bus then.

Whoever notes an entry waits for nothing. The queue is bounded: what finds no room is given up, counted, and told of in the log
itself. Whoever has promised that an entry is kept (`keep`) waits until it stands in the database.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import structlog

from crawdad.core.activity import ACTIVITY_KEPT, MOST_DETAIL, MOST_SUMMARY, Activity, ActivityPage, clean
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.happenings import Event
from crawdad.core.ports import Bus, Clock, Randomness
from crawdad.core.settings import Settings
from crawdad.core.text import Language, Text

MOST_WAITING = 5000
_BATCH = 200
_GATHER_SECONDS = 0.02
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_KEEP_SECONDS = 5.0
_TRIM_EVERY = 1000

_log = structlog.get_logger(__name__)


class Store(Protocol):
    """Where entries are kept."""

    async def append(self, entries: Sequence[Activity], now: float) -> list[Activity]:
        """Keep entries; those that are new."""

    async def page(self, limit: int, offset: int, source: str = "", search: str = "") -> ActivityPage:
        """Entries from the newest on."""

    async def clear(self) -> int:
        """Forget everything."""

    async def trim(self, most: int) -> int:
        """Forget the oldest beyond so many."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry as whoever tells of it has it. `at`: when it happened (Unix seconds), None: now. `mark`: see `Activity`."""

    source: str
    type: str
    summary: str
    detail: str | None = None
    at: float | None = None
    mark: str | None = None


class ActivityLog:
    """One for a process; used from the event loop alone."""

    def __init__(
        self,
        store: Store,
        bus: Bus,
        clock: Clock,
        randomness: Randomness,
        settings: Callable[[], Settings],
        process: str,
    ) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self._randomness = randomness
        self._settings = settings
        self._process = process
        self._queue: deque[Activity] = deque()
        self._promised: dict[str, asyncio.Future[None]] = {}
        self._some = asyncio.Event()
        self._one_writer = asyncio.Lock()
        self._written = 0
        self._untold = 0
        self.dropped = 0
        """How many entries were given up."""

    @property
    def language(self) -> Language:
        """What Crawdad's own entries are written in."""
        return "en" if self._settings().language == "en" else "zh"

    def note(self, draft: Draft) -> None:
        """Have an entry kept, soon."""
        self._put(draft)

    def system(self, text: Text, kind: str = "system", *, detail: str | None = None, mark: str | None = None) -> None:
        """Have it kept that something happened to Crawdad itself."""
        self._put(Draft("system", kind, f"[系统] {text.render(self.language)}", detail, mark=mark))

    async def keep(self, draft: Draft) -> Activity:
        """Keep an entry: it stands when this returns. Raises UNAVAILABLE where that cannot be had now."""
        entry = self._put(draft)
        if entry is None:
            raise _unavailable()
        promised = self._promised[entry.id] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(_KEEP_SECONDS):
                await promised
        except TimeoutError:
            with suppress(ValueError):
                self._queue.remove(entry)
            raise _unavailable() from None
        finally:
            self._promised.pop(entry.id, None)
        return entry

    async def page(self, limit: int, offset: int, source: str = "", search: str = "") -> ActivityPage:
        """Entries from the newest on, those that wait included. `search`: what summary or detail must hold."""
        await self._settle()
        return await self._store.page(limit, offset, source, search)

    async def clear(self, by: str) -> int:
        """Forget everything that was noted until now. Returns how many entries that were."""
        await self._settle()
        async with self._one_writer:
            gone = await self._store.clear()
        _log.info("activity_cleared", entries=gone, by=by)
        return gone

    async def _settle(self) -> None:
        with suppress(GatewayError):  # what cannot be written now is seen later
            await self.flush()

    async def keep_writing(self) -> None:
        """Write whatever there is to write, for ever."""
        pause = _FIRST_PAUSE
        while True:
            await self._some.wait()
            self._some.clear()
            await self._clock.sleep(_GATHER_SECONDS)
            try:
                await self.flush()
                pause = _FIRST_PAUSE
            except GatewayError as error:  # the database is away: what there is room for waits
                _log.warning("activity_waits", reason=error.message(), waiting=len(self._queue))
                self._some.set()
                await self._clock.sleep(pause)
                pause = min(_LONGEST_PAUSE, 2 * pause)

    async def flush(self) -> None:
        """Write what waits. Raises what the database does; then it waits still."""
        async with self._one_writer:
            while self._queue:
                batch = [self._queue[place] for place in range(min(_BATCH, len(self._queue)))]
                new = await self._store.append(batch, self._clock.now())
                for entry in batch:
                    with suppress(ValueError):  # whoever had waited for it went away meanwhile
                        self._queue.remove(entry)
                    promised = self._promised.get(entry.id)
                    if promised is not None and not promised.done():
                        promised.set_result(None)
                await self._tell(new)
                await self._bound(len(new))
        if self._untold:
            untold, self._untold = self._untold, 0
            _log.warning("activity_given_up", entries=untold)
            self.system(Text("activity.given_up", {"count": untold}))

    async def _tell(self, new: Sequence[Activity]) -> None:
        if not new:
            return
        try:
            data = {"entries": [entry.told() for entry in new]}
            await self._bus.publish(Event(ACTIVITY_KEPT, data, self._clock.now(), self._process))
        except GatewayError as error:
            _log.warning("activity_not_told", reason=error.message())

    async def _bound(self, written: int) -> None:
        """Keep within the bound without waiting for the hour of retention: a flood may not fill the disk."""
        self._written += written
        if self._written >= _TRIM_EVERY:
            self._written = 0
            await self._store.trim(self._settings().logging.activity.max_entries)

    def _put(self, draft: Draft) -> Activity | None:
        if len(self._queue) >= MOST_WAITING:
            self.dropped += 1
            self._untold += 1
            return None
        entry = Activity(
            self._randomness.new_id(),
            self._clock.now() if draft.at is None else draft.at,
            clean(draft.source, 64),
            clean(draft.type, 64),
            clean(draft.summary, MOST_SUMMARY),
            None if draft.detail is None else clean(draft.detail, MOST_DETAIL),
            draft.mark,
        )
        self._queue.append(entry)
        self._some.set()
        return entry


def _unavailable() -> GatewayError:
    return GatewayError(ErrorKind.UNAVAILABLE, Text("activity.not_kept"), {"code": "not_kept"}, retry_after=1)
