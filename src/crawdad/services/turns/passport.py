"""Filling in the exchange: what the log will say of a turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.events import MessageEnd, MessageStart, StreamEvent
from crawdad.core.exchange import Exchange, Outcome
from crawdad.core.ports import Clock, Journal
from crawdad.core.settings import ModelCost
from crawdad.core.usage import Usage
from crawdad.services.catalogue import Offer

_MESSAGE_LIMIT = 2000


class Ledger:
    """Closes exchanges, each exactly once, and hands them to the journal before the client hears the last byte."""

    def __init__(self, clock: Clock, journal: Journal, observe: Callable[[Exchange], None]) -> None:
        self._clock = clock
        self._journal = journal
        self._observe = observe

    def seconds(self, exchange: Exchange) -> float:
        """Time since the exchange began."""
        return max(0.0, self._clock.now() - exchange.started_at)

    def route(self, exchange: Exchange, offer: Offer) -> None:
        """The offer that is being tried."""
        exchange.provider = offer.provider.id
        exchange.model_resolved = offer.name
        exchange.upstream_protocol = offer.protocol

    def first_byte(self, exchange: Exchange) -> None:
        """The answer began."""
        if exchange.first_byte_seconds is None:
            exchange.first_byte_seconds = self.seconds(exchange)

    def listen(self, exchange: Exchange, events: Iterable[StreamEvent], offer: Offer) -> None:
        """Note usage as it is told, and close the exchange when the answer ends."""
        for event in events:
            if isinstance(event, MessageStart):
                if event.usage is not None:
                    exchange.usage.merge(event.usage)
            elif isinstance(event, MessageEnd):
                exchange.usage.merge(event.usage)
                self.complete(exchange, offer, event.stop.reason)

    def complete(self, exchange: Exchange, offer: Offer, stop_reason: str | None, status: int = 200) -> None:
        """The answer is complete."""
        exchange.stop_reason = stop_reason
        told = exchange.usage.cost  # some vendors say themselves what a turn cost
        exchange.cost = (
            cost_of(exchange.usage, offer.settings.cost if offer.settings else None) if told is None else told
        )
        self._close(exchange, "completed", status)

    def prepared(self, exchange: Exchange) -> None:
        """The client only prepared a turn: it has its answer, and no model was asked."""
        exchange.lane = "local"
        self._close(exchange, "completed", 200)

    def hold(self, exchange: Exchange) -> None:
        """From now on a complete answer is no good end until `settle` says so (its response has yet to be kept)."""
        exchange.held = True

    def settle(self, exchange: Exchange) -> None:
        """What the exchange was held for has worked out: the client hears the end that its answer came to."""
        if exchange.held:
            exchange.held = False
            if exchange.outcome != "open":
                self._write(exchange)

    def fail(self, exchange: Exchange, error: GatewayError, status: int) -> None:
        """The turn failed; the client is told so with `status` (or with an error event in mid-stream)."""
        exchange.error_kind = error.kind.value
        exchange.error_message = error.message()[:_MESSAGE_LIMIT]
        self._close(exchange, "cancelled" if error.kind is ErrorKind.CANCELLED else "failed", status)

    def abandon(self, exchange: Exchange) -> None:
        """Whoever asked has gone; does nothing when the exchange is closed already."""
        self._close(exchange, "cancelled", 499)

    def _close(self, exchange: Exchange, outcome: Outcome, status: int) -> None:
        if exchange.outcome != "open" and not exchange.held:
            return
        exchange.held = exchange.held and outcome == "completed"
        exchange.outcome = outcome
        exchange.status = status
        if not exchange.held:
            self._write(exchange)

    def _write(self, exchange: Exchange) -> None:
        exchange.duration_seconds = self.seconds(exchange)
        self._journal.record(exchange)
        self._observe(exchange)


def cost_of(usage: Usage, price: ModelCost | None) -> float | None:
    """What a turn cost in US dollars; None where no price is known."""
    if price is None or (price.input is None and price.output is None) or not usage.known:
        return None
    cached, written = usage.cache_read_tokens, usage.cache_write_tokens
    plain = max(0, (usage.input_tokens or 0) - cached - written)
    base = price.input or 0.0
    total = plain * base + (usage.output_tokens or 0) * (price.output or 0.0)
    total += cached * (base if price.cache_read is None else price.cache_read)
    total += written * (base if price.cache_write is None else price.cache_write)
    return total / 1_000_000
