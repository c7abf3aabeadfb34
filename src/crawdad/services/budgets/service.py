"""The service that turns, keys and panels talk to."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

import structlog

from crawdad.core.budgets import (
    Amounts,
    Budget,
    BudgetUnit,
    Standing,
    amounts_used,
    window_end,
    window_of,
)
from crawdad.core.errors import GatewayError
from crawdad.core.exchange import Exchange
from crawdad.core.identity import Principal
from crawdad.core.ports import Clock, Grant, RateCounter
from crawdad.core.prices import Price
from crawdad.core.settings import BudgetSettings
from crawdad.services.budgets import refusals
from crawdad.services.budgets.estimates import Span, estimate, span
from crawdad.services.budgets.gathering import Gathering
from crawdad.services.budgets.standings import MICRO, minute_key, standings
from crawdad.services.catalogue import Offer
from crawdad.services.turns.turn import Turn
from crawdad.store.budgets import BudgetStore, Line, Order, Shortage

_log = structlog.get_logger(__name__)
_LEASE_SECONDS = 900.0
"""A reservation that nobody renewed for so long belongs to a process that is gone."""
_RENEW_SECONDS = 60.0
_JUMP_SECONDS = 120.0
_MOST_SETTLING = 10_000
_MOST_TOLD = 10_000
_KEPT_RETURNED_SECONDS = 14 * 24 * 3600.0
_KEPT_DAYS_SECONDS = 62 * 24 * 3600.0
_KEPT_MONTHS_SECONDS = 800 * 24 * 3600.0

PriceOf = Callable[[Offer], Price | None]


@dataclass(frozen=True, slots=True)
class _Minute:
    """What is set aside of a minute's budget, in whole tokens or millionths of a dollar."""

    key: str
    unit: BudgetUnit
    reserved: int
    grant: Grant


@dataclass(slots=True)
class _Held:
    """What a request under way holds."""

    offers: Sequence[Offer]
    minutes: list[_Minute] = field(default_factory=list)
    lasting: bool = False


class Budgets:
    """Reserves, settles and tells. `runner` names this process; `settle_now` writes the log's waiting rows."""

    def __init__(
        self,
        store: BudgetStore,
        rates: RateCounter,
        clock: Clock,
        *,
        price_of: PriceOf,
        settings: Callable[[], BudgetSettings],
        runner: str,
        settle_now: Callable[[], Awaitable[None]],
    ) -> None:
        self._store = store
        self._rates = rates
        self._clock = clock
        self._price_of = price_of
        self._settings = settings
        self._runner = runner
        self._held: dict[str, _Held] = {}
        self._settling: asyncio.Queue[tuple[_Minute, int]] = asyncio.Queue(_MOST_SETTLING)
        self._settle_now = settle_now
        self._closings = 0
        self._settled = 0
        self._one_settles = asyncio.Lock()
        self.reached: Callable[[Budget, float | None], Awaitable[None]] | None = None
        """Whom to tell of a budget that is used up (and of when it begins anew), once in each of its windows."""
        self._told: set[tuple[str, str, str]] = set()
        self._orders: Gathering[Order, Shortage | None] = Gathering(self._carry_out, self._undo)

    async def admit(self, principal: Principal) -> None:
        """Count one request of this minute, whatever becomes of it: the limit is there to keep floods out. Raises
        RATE_LIMITED."""
        for budget in principal.limits.budgets:
            if budget.unit == "requests" and budget.period == "minute":
                counted, seconds = await self._rates.add(minute_key(budget), 1, int(budget.limit))
                if not counted:
                    raise refusals.minute_spent("requests", budget.limit, seconds)

    async def reserve(self, turn: Turn, offers: Sequence[Offer]) -> Sequence[Offer]:
        """Set aside what the turn will take of all budgets that it spends; the offers that it may then use.

        Raises RATE_LIMITED, PAYMENT, and FORBIDDEN where money is to be counted and no price is known. A turn whose
        exchange holds something already keeps that.
        """
        budgets = [b for b in turn.principal.limits.budgets if b.period != "minute" or b.unit != "requests"]
        if not budgets:
            return offers
        exchange = turn.exchange
        held = self._held.get(exchange.id)
        if held is not None:
            return held.offers
        usable, prices = self._priced(turn, offers, budgets)
        held = _Held(usable)
        found = self._span(turn, usable, prices, budgets)
        self._held[exchange.id] = held
        try:
            for budget in budgets:
                if budget.period == "minute":
                    await self._reserve_minute(budget, found, held)
            await self._reserve_lasting([b for b in budgets if b.period != "minute"], exchange.id, found)
            held.lasting = exchange.budgeted = True
        except BaseException:
            self._held.pop(exchange.id, None)
            for minute in held.minutes:
                self._settle(minute, 0)
            raise
        return usable

    def closed(self, exchange: Exchange) -> None:
        """The exchange ended: what was set aside of minutes becomes what was used. (Days and months are settled with the
        log's row.)"""
        held = self._held.pop(exchange.id, None)
        if held is None:
            return
        self._closings += 1
        if not held.minutes:
            return
        usage = exchange.usage
        used = amounts_used(exchange.outcome, usage.input_tokens, usage.output_tokens, exchange.cost)
        for minute in held.minutes:
            self._settle(minute, _whole(minute.unit, used))

    async def standing(self, budgets: Iterable[Budget]) -> list[Standing]:
        """What is used and left of each budget."""
        return await standings(self._store, budgets, self._clock.now(), self._rates)

    async def keep_reserving(self) -> None:
        """Carry out reservations, for ever."""
        await self._orders.keep_going()

    async def keep_settling(self) -> None:
        """Correct the windows of minutes, for ever."""
        while True:
            minute, used = await self._settling.get()
            try:
                await self._rates.settle(minute.key, minute.reserved, used, minute.grant)
            except GatewayError as error:
                _log.warning("budget_not_settled", key=minute.key, reason=error.message())

    async def keep_tidy(self, is_alive: Callable[[str], Awaitable[bool]]) -> None:
        """Renew what is held here, give back what dead processes held, forget what is long over; for ever."""
        seen, measured = self._clock.now(), self._clock.monotonic()
        while True:
            now, later = self._clock.now(), self._clock.monotonic()
            jumped = abs((now - seen) - (later - measured)) > _JUMP_SECONDS
            seen, measured = now, later
            try:
                await self.tidy(is_alive, expire=not jumped)  # let the others renew theirs by the new time first
            except GatewayError as error:
                _log.warning("budgets_not_tidied", reason=error.message())
            await self._clock.sleep(_RENEW_SECONDS)

    async def tidy(self, is_alive: Callable[[str], Awaitable[bool]], expire: bool = True) -> None:
        """One round of `keep_tidy`."""
        now = self._clock.now()
        open_ids = [exchange_id for exchange_id, held in self._held.items() if held.lasting]
        await self._store.renew(open_ids, now + _LEASE_SECONDS)
        runners = await self._store.runners()
        dead = [runner for runner in runners if runner != self._runner and not await is_alive(runner)]
        given = await self._store.give_back(dead, now if expire else 0.0) if runners else 0
        if given:
            _log.info("budgets_given_back", reservations=given)
        await self._store.tidy(
            now - _KEPT_RETURNED_SECONDS,
            window_of("day", now - _KEPT_DAYS_SECONDS),
            window_of("month", now - _KEPT_MONTHS_SECONDS),
        )

    def _priced(
        self, turn: Turn, offers: Sequence[Offer], budgets: Sequence[Budget]
    ) -> tuple[Sequence[Offer], list[Price | None]]:
        """The offers that may be used, and their prices: with money to be counted, those whose price is known."""
        if not any(budget.unit == "usd" for budget in budgets) or turn.exchange.operation == "count_tokens":
            return offers, []
        priced = [(offer, self._price_of(offer)) for offer in offers]
        if self._settings().unpriced == "refuse":
            priced = [(offer, price) for offer, price in priced if price is not None and price.known]
            if not priced:
                raise refusals.unpriced(turn.model)
        return [offer for offer, _ in priced], [price for _, price in priced]

    def _span(
        self, turn: Turn, offers: Sequence[Offer], prices: Sequence[Price | None], budgets: Sequence[Budget]
    ) -> Span:
        if all(budget.unit == "requests" for budget in budgets):
            return Span(Amounts(requests=1.0), Amounts(requests=1.0))
        model_output = max((offer.max_tokens for offer in offers), default=0)
        found = estimate(turn, model_output, self._settings().assumed_output_tokens)
        return span(found, prices, self._clock.now())

    async def _reserve_minute(self, budget: Budget, found: Span, held: _Held) -> None:
        least, most = _whole(budget.unit, found.least), _whole(budget.unit, found.most)
        if not most:
            return
        key, limit = minute_key(budget), int(budget.limit * (MICRO if budget.unit == "usd" else 1))
        grant = await self._rates.reserve(key, least, most, limit)
        if not grant.granted:
            raise refusals.minute_spent(budget.unit, budget.limit, grant.seconds)
        held.minutes.append(_Minute(key, budget.unit, most, grant))

    async def _reserve_lasting(self, budgets: Sequence[Budget], exchange_id: str, found: Span) -> None:
        now = self._clock.now()
        lines = tuple(
            Line(
                budget.subject,
                budget.unit,
                window_of(budget.period, now),
                budget.limit,
                found.least.of(budget.unit),
                found.most.of(budget.unit),
            )
            for budget in budgets
            if found.most.of(budget.unit) > 0
        )
        if not lines:
            return
        seen = self._settled
        shortage = await self._orders.do(Order(exchange_id, lines))
        if shortage is not None and shortage.passing and await self._settle_what_ended(seen):
            shortage = await self._orders.do(Order(exchange_id, lines))
        if shortage is None:
            return
        line = shortage.line
        budget = next(b for b in budgets if (b.subject, b.unit, window_of(b.period, now)) == line.counter)
        resets_at = window_end(budget.period, now)
        if not shortage.passing:
            await self._tell(budget, line.counter, resets_at)
        raise refusals.reserved(budget, resets_at) if shortage.passing else refusals.spent(budget, now, resets_at)

    async def _tell(self, budget: Budget, counter: tuple[str, str, str], resets_at: float | None) -> None:
        if self.reached is None or counter in self._told:
            return
        if len(self._told) >= _MOST_TOLD:
            self._told.clear()
        self._told.add(counter)
        try:
            await self.reached(budget, resets_at)
        except GatewayError as error:
            _log.warning("budget_not_told", reason=error.message())

    async def _settle_what_ended(self, seen: int) -> bool:
        """Have the log written now rather than in a moment: what a client asks next must not wait for what it asked last.
        Whether anything was settled since `seen`."""
        async with self._one_settles:
            if self._settled < self._closings:
                closings = self._closings
                try:
                    await self._settle_now()
                except GatewayError as error:
                    _log.warning("budget_not_settled", reason=error.message())
                    return False
                self._settled = closings
            return self._settled > seen

    async def _carry_out(self, orders: Sequence[Order]) -> list[Shortage | None]:
        return await self._store.reserve(orders, self._runner, self._clock.now() + _LEASE_SECONDS)

    async def _undo(self, orders: Sequence[Order]) -> None:
        await self._store.withdraw([order.id for order in orders])

    def _settle(self, minute: _Minute, used: int) -> None:
        try:
            self._settling.put_nowait((minute, used))
        except asyncio.QueueFull:
            _log.warning("budget_not_settled", key=minute.key, reason="too many wait")


def _whole(unit: BudgetUnit, amounts: Amounts) -> int:
    """An amount as rate counters want it."""
    return math.ceil(amounts.of(unit) * (MICRO if unit == "usd" else 1))
