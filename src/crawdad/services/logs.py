"""The log of exchanges for those who look at it: pages, one with its bodies, what comes, all of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.exchange import Exchange
from crawdad.core.log import Bodies, ExchangeFilter
from crawdad.core.ports import Clock
from crawdad.core.text import Text
from crawdad.store.bodies import BodyStore
from crawdad.store.exchange_totals import Totals
from crawdad.store.exchanges import MOST_ON_A_PAGE, ExchangeLog, ExchangePage

_LOOK_SECONDS = 0.5
_HEARTBEAT_SECONDS = 15.0
_MOST_FOLLOWERS = 32
_AT_ONCE = 200


class Logs:
    """Reads the log as it is now: what has ended but waits to be written is written first.

    `settle` does that; `count_older` counts some of what has yet to be counted and says how many (see
    `store.usage.count_older`); `closing` tells that the server is about to end.
    """

    def __init__(
        self,
        log: ExchangeLog,
        bodies: BodyStore,
        clock: Clock,
        *,
        settle: Callable[[], Awaitable[None]],
        count_older: Callable[[], Awaitable[int]],
        closing: Callable[[], bool],
    ) -> None:
        self._log = log
        self._bodies = bodies
        self._clock = clock
        self._settle = settle
        self._count_older = count_older
        self._closing = closing
        self._followers = 0

    async def page(
        self, wanted: ExchangeFilter, limit: int, cursor: str | None = None, offset: int = 0
    ) -> ExchangePage:
        """The newest exchanges that match (see `ExchangeLog.page`)."""
        await self._settle()
        if limit == 0:
            return ExchangePage([], None)
        return await self._log.page(wanted, limit, cursor, offset)

    async def count(self, wanted: ExchangeFilter) -> int:
        """How many match."""
        await self._settle()
        return await self._log.count(wanted)

    async def totals(self) -> Totals:
        """What the log holds."""
        await self._settle()
        return await self._log.totals()

    async def get(self, exchange_id: str, principal_id: str | None) -> tuple[Exchange, Bodies]:
        """One exchange with its bodies; of that principal alone where one is named. Raises NOT_FOUND."""
        await self._settle()
        found = await self._log.get(exchange_id, principal_id)
        if found is None:
            text = Text("logs.not_found", {"id": exchange_id[:64]})
            raise GatewayError(ErrorKind.NOT_FOUND, text, {"code": "not_found"})
        return found, await self._bodies.get(exchange_id)

    async def clear(self) -> None:
        """Remove all exchanges and bodies. What they used stays in the statistics."""
        await self._settle()
        while await self._count_older():
            pass
        await self._log.clear()
        await self._bodies.clear()

    async def everything(self, wanted: ExchangeFilter) -> AsyncIterator[list[Exchange]]:
        """All that match, newest first, a page at a time. It goes on while the server drains: what is cut off then is cut off
        by cancellation, so that nobody takes a part for the whole."""
        await self._settle()
        cursor = None
        while True:
            page = await self._log.page(wanted, MOST_ON_A_PAGE, cursor)
            yield page.exchanges
            cursor = page.cursor
            if cursor is None:
                return

    def need_room(self) -> None:
        """Raise UNAVAILABLE when too many follow the log already."""
        if self._followers >= _MOST_FOLLOWERS:
            text = Text("logs.too_many", {"most": _MOST_FOLLOWERS})
            raise GatewayError(ErrorKind.UNAVAILABLE, text, {"code": "too_many_followers"}, retry_after=5)

    async def newest(self) -> int:
        """The number of the newest exchange."""
        await self._settle()
        return await self._log.last_number()

    async def follow(self, after: int, wanted: ExchangeFilter) -> AsyncIterator[list[tuple[int, Exchange]]]:
        """What is added after the exchange of that number, by whichever process, with numbers to go on from; an empty list
        from time to time while nothing is. Ends when the server does. Looks into the database twice a second."""
        self._followers += 1
        try:
            said = self._clock.monotonic()
            while not self._closing():
                found = await self._added(after, wanted)
                if found:
                    after = found[-1][0]
                if found or self._clock.monotonic() - said >= _HEARTBEAT_SECONDS:
                    said = self._clock.monotonic()
                    yield found
                if len(found) < _AT_ONCE:
                    await self._clock.sleep(_LOOK_SECONDS)
        finally:
            self._followers -= 1

    async def _added(self, after: int, wanted: ExchangeFilter) -> list[tuple[int, Exchange]]:
        try:
            return await self._log.following(after, wanted, _AT_ONCE)
        except GatewayError:  # the database is away: whoever follows waits
            return []
