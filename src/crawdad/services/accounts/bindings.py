"""Which account a conversation is with: bounded, and forgotten after a while without a word."""

from __future__ import annotations

from collections import OrderedDict

from crawdad.core.ports import Clock


class Bindings:
    """Session and provider → account. Reading one renews it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._bound: OrderedDict[tuple[str, str], tuple[str, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._bound)

    def get(self, session: str, provider: str, seconds: float) -> str | None:
        """The account, unless `seconds` have gone by since the conversation was last heard of."""
        key = (session, provider)
        found = self._bound.get(key)
        if found is None:
            return None
        now = self._clock.monotonic()
        if now - found[1] > seconds:
            del self._bound[key]
            return None
        self._bound[key] = (found[0], now)
        self._bound.move_to_end(key)
        return found[0]

    def bind(self, session: str, provider: str, account_id: str, most: int) -> bool:
        """Note who served the conversation; whether that is news. The longest unheard of make room beyond `most`."""
        key = (session, provider)
        before = self._bound.get(key)
        self._bound[key] = (account_id, self._clock.monotonic())
        self._bound.move_to_end(key)
        while len(self._bound) > max(1, most):
            self._bound.popitem(last=False)
        return before is None or before[0] != account_id

    def clear(self) -> int:
        """Forget all: how many there were."""
        count = len(self._bound)
        self._bound.clear()
        return count
