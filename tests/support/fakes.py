"""Fakes of the ports: time that a test moves, chance that it chooses, a journal that it reads."""

from __future__ import annotations

from crawdad.core.exchange import Exchange


class FakeClock:
    """A clock that only `sleep` and `advance` move."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self.time = start
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


class FakeRandomness:
    """Counts ids up; chance is what the test sets."""

    def __init__(self, chance: float = 0.0) -> None:
        self.chance = chance
        self._count = 0

    def uniform(self) -> float:
        return self.chance

    def new_id(self) -> str:
        self._count += 1
        return f"id{self._count:06d}"

    def new_token(self) -> str:
        self._count += 1
        return f"sk-crawdad-token-{self._count:06d}"


class FakeJournal:
    """Keeps what it is given."""

    dropped = 0

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []

    def record(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)
