"""Requests that were turned away at the door, in the log: a few a minute, so that a flood of wrong keys writes no rows."""

from __future__ import annotations

from crawdad.core.errors import GatewayError
from crawdad.core.exchange import Exchange
from crawdad.core.identity import Principal
from crawdad.core.ports import Clock
from crawdad.services.turns.passport import Ledger

NOBODY = Principal("", "api_key", permissions=frozenset())
"""Whose requests those are that came without a key that is known."""
_MINUTE = 60.0
_MOST_A_MINUTE = 20


class Refusals:
    """The first few refusals of every minute go into the log; the others are only answered."""

    def __init__(self, ledger: Ledger, clock: Clock, most: int = _MOST_A_MINUTE) -> None:
        self._ledger = ledger
        self._clock = clock
        self._most = most
        self._since = float("-inf")
        self._count = 0

    def record(self, exchange: Exchange, error: GatewayError, status: int) -> None:
        """Note that the caller was refused with `error`."""
        now = self._clock.monotonic()
        if now - self._since >= _MINUTE:
            self._since, self._count = now, 0
        if self._count < self._most:
            self._count += 1
            self._ledger.fail(exchange, error, status)
