"""Filling in the exchange: what the log will say of a turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.events import MessageEnd, MessageStart, PartDelta, PartStart, StreamEvent
from crawdad.core.exchange import Exchange, Outcome
from crawdad.core.ports import Clock, Journal
from crawdad.core.prices import Price, cost_of
from crawdad.services.catalogue import Offer
from crawdad.services.turns.cut import fill_in, weight_of
from crawdad.services.turns.turn import Turn

_MESSAGE_LIMIT = 2000


class Ledger:
    """Closes exchanges, each exactly once, and hands them to the journal before the client hears the last byte."""

    def __init__(
        self,
        clock: Clock,
        journal: Journal,
        observe: Callable[[Exchange], None],
        price_of: Callable[[Offer], Price | None],
        clean: Callable[[str], str] = str,
    ) -> None:
        self._clock = clock
        self._journal = journal
        self._observe = observe
        self._price_of = price_of
        self._clean = clean
        """Takes credentials out of what the client said in places that are kept."""

    def seconds(self, exchange: Exchange) -> float:
        """Time since the exchange began."""
        return max(0.0, self._clock.now() - exchange.started_at)

    def route(self, turn: Turn, offer: Offer) -> None:
        """The offer that is being tried."""
        exchange = turn.exchange
        exchange.when_cut = lambda: self._cut(turn, offer)
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
                if not offer.provider.agents:  # what an agent uses is in the exchanges with its models
                    exchange.usage.merge(event.usage)
                self.complete(exchange, offer, event.stop.reason)
            elif isinstance(event, (PartDelta, PartStart)):
                exchange.heard += weight_of((event,))

    def complete(self, exchange: Exchange, offer: Offer, stop_reason: str | None, status: int = 200) -> None:
        """The answer is complete. Where the upstream did not say what it took, that is estimated."""
        exchange.stop_reason = stop_reason
        if exchange.heard and not exchange.usage.known and exchange.when_cut is not None:
            exchange.when_cut()
        else:
            self._charge(exchange, offer)
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

    def _tidy(self, exchange: Exchange) -> None:
        clean = self._clean
        exchange.path, exchange.user_agent = clean(exchange.path), clean(exchange.user_agent)
        exchange.model_requested = clean(exchange.model_requested)
        if exchange.client_request_id:
            exchange.client_request_id = clean(exchange.client_request_id)
        if exchange.session:
            exchange.session = clean(exchange.session)
        if exchange.error_message:
            exchange.error_message = clean(exchange.error_message)

    def _charge(self, exchange: Exchange, offer: Offer) -> None:
        told = exchange.usage.cost  # some vendors say themselves what a turn cost
        exchange.cost = cost_of(exchange.usage, self._price_of(offer), exchange.started_at) if told is None else told

    def _cut(self, turn: Turn, offer: Offer) -> None:
        fill_in(turn, offer)
        self._charge(turn.exchange, offer)

    def _close(self, exchange: Exchange, outcome: Outcome, status: int) -> None:
        if exchange.outcome != "open" and not exchange.held:
            return
        when_cut, exchange.when_cut = exchange.when_cut, None  # turn and exchange shall not hold each other for ever
        if when_cut is not None and outcome != "completed" and _was_at_work(exchange, outcome):
            when_cut()
        exchange.held = exchange.held and outcome == "completed"
        exchange.outcome = outcome
        exchange.status = status
        if not exchange.held:
            self._write(exchange)

    def _write(self, exchange: Exchange) -> None:
        exchange.duration_seconds = self.seconds(exchange)
        self._tidy(exchange)
        self._journal.record(exchange)
        self._observe(exchange)


def _was_at_work(exchange: Exchange, outcome: Outcome) -> bool:
    """Whether a provider was answering, or about to, when the exchange ended: then it is paid for what it did."""
    if not exchange.attempts or exchange.attempts[-1].error is not None:
        return False
    return outcome == "cancelled" or exchange.first_byte_seconds is not None
