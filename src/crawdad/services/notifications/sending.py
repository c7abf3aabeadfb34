"""Sending what waits: target by target, one after another, what has gathered for one as a digest.

Those that go out together stay together over all tries, under the id of the first, so that whoever can tell a double by that
id is told once. What a process that has died had in hand is tried again by another.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import tzinfo

import structlog

from crawdad.core.errors import GatewayError
from crawdad.core.notification_settings import NotificationSettings, NotificationTarget
from crawdad.core.notifications import Courier, NotDelivered, StoredNotification
from crawdad.core.pacing import until_next
from crawdad.core.ports import Clock, Runner
from crawdad.core.text import Text
from crawdad.services.notifications.timing import quiet_until
from crawdad.services.notifications.wording import letter_of
from crawdad.services.tasks import until_first
from crawdad.store.notifications import NotificationStore

LOOK_SECONDS = 5.0
DELIVERY_SECONDS = 45.0
GIVE_UP_SECONDS = 86_400.0
GATHER_SECONDS = 10.0
"""How long nothing but what is urgent goes to a target that was told something just now."""
MOST_WAITING = 500
MOST_KEPT = 5000
_MOST_TOGETHER = 200
_MOST_ALONE = 3
_FIRST_WAIT, _LONGEST_WAIT = 5.0, 900.0
_TIDY_SECONDS = 3600.0
_RECOVER_SECONDS = 30.0
_LONGEST_ERROR = 500

_log = structlog.get_logger(__name__)

CourierOf = Callable[[str], Courier]
"""Who takes letters to targets of a kind."""


class Sending:
    """The way out. `keep_sending` is to be run."""

    def __init__(
        self,
        store: NotificationStore,
        settings: Callable[[], NotificationSettings],
        courier_of: CourierOf,
        zone: Callable[[], tzinfo],
        clock: Clock,
        runner: Runner,
        place: str,
    ) -> None:
        self._store, self._settings, self._courier_of, self._zone = store, settings, courier_of, zone
        self._clock, self._runner, self._place = clock, runner, place
        self.outcomes: Counter[tuple[str, str]] = Counter()
        """Letters by kind of target, and what became of them (`sent`, `failed`)."""
        self._news = asyncio.Event()
        self._told_at: dict[str, float] = {}
        self._receipts: dict[str, str] = {}
        """Of letters that arrived, but this could not be written down yet."""
        self._tidied = self._recovered = float("-inf")

    def poke(self) -> None:
        """Something is to go out."""
        self._news.set()

    async def keep_sending(self) -> None:
        """Send what is ready, for ever."""
        while True:
            self._news.clear()
            try:
                await self._upkeep()
                await self.round()
            except GatewayError as error:
                _log.warning("notifications_not_sent", reason=error.message())
            await self._pause()

    async def round(self) -> None:
        """Send all that may go out now."""
        settings, now = self._settings(), self._clock.now()
        by_target: dict[str, list[StoredNotification]] = {}
        for one in await self._store.ready(now):
            by_target.setdefault(one.target, []).append(one)
        quiet = quiet_until(settings.quiet_hours, now, self._zone()) is not None
        await asyncio.gather(*(self._empty(name, waiting, quiet) for name, waiting in by_target.items()))

    async def deliver(self, name: str, target: NotificationTarget, batch: Sequence[StoredNotification]) -> str:
        """Hand over one letter: its receipt. Raises `NotDelivered`."""
        letter = letter_of(batch, target.language, self._zone(), self._place)
        try:
            async with asyncio.timeout(DELIVERY_SECONDS):
                return await self._courier_of(target.kind).deliver(target, letter)
        except TimeoutError:
            raise NotDelivered(Text("notifications.no_answer")) from None
        except GatewayError as error:
            raise NotDelivered(error.text) from None
        except NotDelivered:
            raise
        except Exception as fault:  # a courier is an edge: whatever it raises, others are still told
            _log.exception("notification_failed", target=name)
            raise NotDelivered(type(fault).__name__) from None

    async def _empty(self, name: str, waiting: Sequence[StoredNotification], quiet: bool) -> None:
        target = self._settings().targets.get(name)
        now = self._clock.now()
        if target is None or not target.enabled:
            for batch in batches(waiting, together=True):
                if await self._store.claim([one.id for one in batch], batch[0].id, self._runner.name, now):
                    gone = Text("notifications.no_target", {"name": name[:100]}).render()
                    await self._store.settle(batch[0].id, now, "failed", error=gone)
            return
        since = self._clock.monotonic() - self._told_at.get(name, float("-inf"))
        held = quiet or since < GATHER_SECONDS
        for batch in batches([one for one in waiting if one.level == "urgent" or one.batch or not held]):
            if not await self._send(name, target, batch):
                return  # the rest waits as well: what comes first is told first

    async def _send(self, name: str, target: NotificationTarget, batch: Sequence[StoredNotification]) -> bool:
        mark = batch[0].batch or batch[0].id
        if not await self._store.claim([one.id for one in batch], mark, self._runner.name, self._clock.now()):
            return True
        if mark not in self._receipts:
            try:
                self._receipts[mark] = (await self.deliver(name, target, batch))[:200]
            except NotDelivered as failed:
                await self._failed(name, target.kind, mark, batch, failed)
                return False
        self._told_at[name] = self._clock.monotonic()
        self.outcomes[target.kind, "sent"] += 1
        await self._store.settle(mark, self._clock.now(), "sent", receipt=self._receipts[mark])
        del self._receipts[mark]
        return True

    async def _failed(
        self, name: str, kind: str, mark: str, batch: Sequence[StoredNotification], failed: NotDelivered
    ) -> None:
        now, why = self._clock.now(), failed.render()[:_LONGEST_ERROR]
        if not failed.again or now - batch[0].created_at > GIVE_UP_SECONDS:
            _log.warning("notification_given_up", target=name, reason=why)
            self.outcomes[kind, "failed"] += 1
            await self._store.settle(mark, now, "failed", error=why)
            return
        wait = min(_FIRST_WAIT * 2 ** min(batch[0].attempts, 10), _LONGEST_WAIT)
        _log.warning("notification_not_sent", target=name, reason=why, again_in=wait)
        await self._store.settle(mark, now, "waiting", ready_at=now + wait, error=why)

    async def _upkeep(self) -> None:
        now = self._clock.monotonic()
        if now - self._recovered >= _RECOVER_SECONDS:
            self._recovered = now
            for runner in await self._store.runners():
                # Nothing of our own is under way here: what says so could not be written down.
                if runner == self._runner.name or not await self._runner.is_alive(runner):
                    await self._store.release(runner, self._clock.now())
        if now - self._tidied >= _TIDY_SECONDS:
            self._tidied = now
            await self._store.prune(self._clock.now() - self._settings().keep_days * 86_400, MOST_KEPT)

    async def _pause(self) -> None:
        async def called() -> None:
            await self._news.wait()

        async def in_a_while() -> None:
            await self._clock.sleep(until_next(self._clock.monotonic(), LOOK_SECONDS))

        await until_first(called(), in_a_while())


def batches(waiting: Sequence[StoredNotification], *, together: bool = False) -> list[Sequence[StoredNotification]]:
    """What goes out as one letter each, in order: those that went out together before do so again, what is urgent goes alone
    (unless there is much of it) and first, and the rest is one letter (`together`: all that has no company yet). Pure."""
    kept: dict[str, list[StoredNotification]] = {}
    urgent: list[StoredNotification] = []
    rest: list[StoredNotification] = []
    for one in waiting:
        if one.batch:
            kept.setdefault(one.batch, []).append(one)
        else:
            (urgent if one.level == "urgent" and not together else rest).append(one)
    size = 1 if len(urgent) <= _MOST_ALONE else _MOST_TOGETHER
    return [*kept.values(), *_pieces(urgent, size), *_pieces(rest, _MOST_TOGETHER)]


def _pieces(found: Sequence[StoredNotification], size: int) -> list[Sequence[StoredNotification]]:
    return [found[at : at + size] for at in range(0, len(found), size)]
