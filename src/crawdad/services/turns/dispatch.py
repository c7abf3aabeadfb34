"""The one loop that tries offers until one answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from crawdad.core.errors import GatewayError
from crawdad.core.exchange import Attempt
from crawdad.core.ports import Clock, Randomness
from crawdad.core.settings import RetrySettings
from crawdad.services.budgets import Budgets
from crawdad.services.catalogue import Offer
from crawdad.services.turns.passport import Ledger
from crawdad.services.turns.retry import next_attempt
from crawdad.services.turns.sources import about_credential
from crawdad.services.turns.turn import Turn

Answer = TypeVar("Answer")


class Dispatcher:
    """Runs attempts within the retry budget. An attempt returns once the answer's first event is in hand."""

    def __init__(
        self,
        ledger: Ledger,
        budgets: Budgets,
        clock: Clock,
        randomness: Randomness,
        settings: Callable[[], RetrySettings],
    ) -> None:
        self._ledger = ledger
        self._budgets = budgets
        self._clock = clock
        self._randomness = randomness
        self._settings = settings

    async def reserve(self, turn: Turn, offers: Sequence[Offer]) -> None:
        """Set aside what the turn will take, for who wants to know before it runs."""
        await self._budgets.reserve(turn, offers)

    async def run(self, turn: Turn, offers: Sequence[Offer], attempt: Callable[[Offer], Awaitable[Answer]]) -> Answer:
        """The first answer to be had. Raises the error of the last attempt, and what `Budgets.reserve` raises."""
        offers = await self._budgets.reserve(turn, offers)
        exchange = turn.exchange
        tries = [0] * len(offers)
        number = 0
        while True:
            offer = offers[number]
            tries[number] += 1
            entry = Attempt(offer.provider.id, offer.model, began=self._ledger.seconds(exchange))
            exchange.attempts.append(entry)
            self._ledger.route(turn, offer)
            try:
                return await attempt(offer)
            except GatewayError as raised:
                error = about_credential(raised, offer.provider)  # in an answer's body it looks like any other error
                entry.ended = self._ledger.seconds(exchange)
                entry.error = error.kind.value
                again = next_attempt(error, number, tries, entry.ended, self._settings(), self._randomness.uniform())
                if again is None:
                    raise error from None
                if again.seconds > 0:
                    await self._clock.sleep(again.seconds)
                number = again.offer
