"""How often the application has failed lately, and what follows from that. Pure: times are given."""

from __future__ import annotations

from crawdad.app.process import Patience


class Failures:
    """The failures of one `crawdad up`. `served`: one of those that count had come to serve."""

    def __init__(self, patience: Patience) -> None:
        self.served = False
        self._patience = patience
        self._times: list[float] = []

    def note(self, now: float, born: float, *, served: bool) -> None:
        """A process that was `born` then has failed now. A start that fails slowly is no less a failure."""
        lived = now if served else born
        self._times = [at for at in self._times if lived - at < self._patience.window] + [now]
        self.served = served or (self.served and len(self._times) > 1)

    def clear(self) -> None:
        """What is begun now is judged by itself."""
        self._times.clear()

    @property
    def count(self) -> int:
        """How many there were within the window."""
        return len(self._times)

    @property
    def are_too_many(self) -> bool:
        """Whether it is safe mode now."""
        return self.count >= self._patience.failures

    @property
    def are_suspicious(self) -> bool:
        """Whether it is time to look into them."""
        return self.count == self._patience.mend

    @property
    def pause(self) -> float:
        """For how long to wait before the next start: longer each time."""
        doublings = self.count - 2
        return min(self._patience.backoff * 2**doublings, self._patience.longest_backoff) if doublings >= 0 else 0.0
