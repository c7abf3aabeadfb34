"""The one loop that tries offers until one answers."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.exchange import Attempt
from crawdad.core.ports import Clock, Randomness
from crawdad.core.settings import RetrySettings
from crawdad.core.tracing import PLACE, TRACER
from crawdad.services.accounts.pool import Pool
from crawdad.services.accounts.refusing import NOT_ASKED
from crawdad.services.catalogue import Offer
from crawdad.services.turns.passport import Ledger
from crawdad.services.turns.retry import ELSEWHERE, may_pass, next_attempt
from crawdad.services.turns.sources import about_credential
from crawdad.services.turns.turn import Turn

Answer = TypeVar("Answer")


class Reserve(Protocol):
    """What sets budgets aside (`services.budgets.Budgets`)."""

    async def reserve(self, turn: Turn, offers: Sequence[Offer]) -> Sequence[Offer]:
        """The offers that may be used. Raises what a spent budget is told with."""


class Dispatcher:
    """Runs attempts within the retry budget. An attempt returns once the answer's first event is in hand."""

    def __init__(
        self,
        ledger: Ledger,
        budgets: Reserve,
        clock: Clock,
        randomness: Randomness,
        settings: Callable[[], RetrySettings],
        pool: Pool | None = None,
    ) -> None:
        self._ledger = ledger
        self._budgets = budgets
        self._clock = clock
        self._randomness = randomness
        self._settings = settings
        self._pool = pool

    async def reserve(self, turn: Turn, offers: Sequence[Offer]) -> None:
        """Set aside what the turn will take, for who wants to know before it runs."""
        await self._reserved(turn, offers)

    async def _reserved(self, turn: Turn, offers: Sequence[Offer]) -> Sequence[Offer]:
        """What agents spend is set aside where they spend it: in the exchanges with their models."""
        if all(offer.provider.agents for offer in offers):
            return offers
        return await self._budgets.reserve(turn, offers)

    async def run(self, turn: Turn, offers: Sequence[Offer], attempt: Callable[[Offer], Awaitable[Answer]]) -> Answer:
        """The first answer to be had. Raises the error of the last attempt, and what `Budgets.reserve` raises."""
        offers = await self._reserved(turn, offers)
        exchange = turn.exchange
        wanted = offers
        offers, pool = await self._seated(turn, offers)
        tries = [0] * len(offers)
        until = [0.0] * len(offers)
        number = 0
        waited = 0.0
        asked: set[tuple[str, str]] = set()
        before: GatewayError | None = None
        """What the client is told when those that were asked at last, for want of others, do no better."""
        while True:
            offer = offers[number]
            tries[number] += 1
            try:
                return await self._attempt(turn, offer, attempt)
            except GatewayError as raised:
                error = about_credential(raised, offer.provider)  # in an answer's body it looks like any other error
                elapsed, settings = self._ledger.seconds(exchange), self._settings()
                rests = [pool.rest(one) if pool is not None else 0.0 for one in offers]
                until[number] = 0.0 if may_pass(error) else math.inf
                waits = [max(rest, end - elapsed) for rest, end in zip(rests, until, strict=True)]
                until[number] += elapsed + (error.retry_after or 0.0)
                again = next_attempt(error, number, tries, elapsed, settings, self._randomness.uniform(), waits)
                if offer.seat is not None and error.details.get("code") != NOT_ASKED:
                    asked.add((offer.seat.account_id, offer.model))
                if again is None and pool is not None and error.kind in ELSEWHERE:
                    late, seconds = await pool.late(wanted, asked, waited)
                    waited += seconds
                    if not late and asked:
                        late, before = pool.refused(wanted, asked), before or error
                    if late:
                        number = len(tries)
                        offers, tries = [*offers, *late], [*tries, *(0 for _ in late)]
                        until = [*until, *(0.0 for _ in late)]
                        continue
                if again is None:
                    raise _with_wait(before or error, rests if pool is not None else ()) from None
                if again.seconds > 0:
                    await self._clock.sleep(again.seconds)
                number = again.offer

    async def once(self, turn: Turn, offer: Offer, attempt: Callable[[Offer], Awaitable[Answer]]) -> Answer:
        """The answer of one offer, asked once about something small: what it refuses says nothing of what else it does."""
        offers, pool = await self._seated(turn, [offer])
        if pool is None:
            return await attempt(offer)
        taken = await pool.take(turn, offers[0])
        try:
            answer = await attempt(taken.offer)
            if taken.offer.seat is not None:
                pool.answered(taken.offer.seat.account_id, taken.offer.model)
            return answer
        finally:
            await pool.release(taken.probe)

    async def _seated(self, turn: Turn, offers: Sequence[Offer]) -> tuple[Sequence[Offer], Pool | None]:
        """The offers with accounts behind them, and the pool where there are such."""
        pool = self._pool
        if pool is None or not pool.serves(offers):
            return offers, None
        return await pool.seated(turn, offers), pool

    async def _attempt(self, turn: Turn, offer: Offer, attempt: Callable[[Offer], Awaitable[Answer]]) -> Answer:
        exchange = turn.exchange
        self._ledger.route(turn, offer)
        if offer.seat is None or self._pool is None:
            exchange.account = exchange.account_label = ""
            return await self._try(turn, offer, attempt)
        pool = self._pool
        taken = await pool.take(turn, offer)
        try:
            answer = await self._try(turn, taken.offer, attempt)
            pool.served(turn, offer)
            return answer
        except GatewayError as error:
            error = about_credential(error, offer.provider)
            if not pool.stale(offer, error):
                pool.failed(offer, error)
                raise
        finally:
            await pool.release(taken.probe)
        return await self._attempt(turn, offer, attempt)

    async def _try(self, turn: Turn, offer: Offer, attempt: Callable[[Offer], Awaitable[Answer]]) -> Answer:
        exchange = turn.exchange
        entry = Attempt(offer.provider.id, offer.model, began=self._ledger.seconds(exchange))
        exchange.attempts.append(entry)
        tracer = TRACER.get()
        token = None
        if tracer is not None:  # what the attempt begins stands below it
            exchange.place = exchange.place or tracer.below(PLACE.get())
            exchange.attempt_places.append(tracer.below(exchange.place))
            token = PLACE.set(exchange.attempt_places[-1])
        try:
            return await attempt(offer)
        except GatewayError as raised:
            entry.ended = self._ledger.seconds(exchange)
            entry.error = about_credential(raised, offer.provider).kind.value
            raise
        finally:
            if token is not None:
                PLACE.reset(token)


def _with_wait(error: GatewayError, rests: Sequence[float]) -> GatewayError:
    """Where every account has to rest, the client is told when the first of them may be asked again."""
    if error.kind is ErrorKind.RATE_LIMITED and rests and all(rests):
        shortest = min(rests)
        if shortest != float("inf"):
            error.retry_after = max(1.0, shortest)
    return error
