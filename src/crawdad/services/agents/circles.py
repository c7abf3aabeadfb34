"""Agents that go in circles: the same call with the same result again and again, or two of them in turns. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import pairwise
from typing import Literal

from crawdad.core.loop_settings import LoopDetectionSettings

Verdict = Literal["go", "warn", "refuse", "stop"]


def _mark(*texts: str) -> bytes:
    return blake2b("\0".join(texts).encode(errors="replace"), digest_size=12).digest()


@dataclass(slots=True)
class CircleWatch:
    """Watches the calls of one turn."""

    settings: LoopDetectionSettings
    _seen: deque[tuple[bytes, bytes]] = field(default_factory=deque)
    _repeats: int = 0

    def before(self, name: str, arguments: str) -> Verdict:
        """Whether a call may be made: `refuse` it, or `stop` the turn."""
        settings = self.settings
        if not settings.enabled:
            return "go"
        count = self._count(_mark(name, arguments))
        if count >= settings.warning_threshold - 1:
            self._repeats += 1
        if self._repeats >= settings.global_circuit_breaker_threshold:
            return "stop"
        return "refuse" if count >= settings.critical_threshold else "go"

    def after(self, name: str, arguments: str, result: str) -> Verdict:
        """A call was made. `warn`: the agent should hear that it gets nowhere."""
        if not self.settings.enabled:
            return "go"
        self._seen.append((_mark(name, arguments), _mark(result)))
        while len(self._seen) > self.settings.history_size:
            self._seen.popleft()
        return "warn" if self._count(_mark(name, arguments)) >= self.settings.warning_threshold else "go"

    def _count(self, call: bytes) -> int:
        """How often the call was made with nothing new coming of it."""
        results = [result for made, result in self._seen if made == call]
        if not results:
            return 0
        same = 0
        for result in reversed(results):
            if result != results[-1]:
                break
            same += 1
        detectors = self.settings.detectors
        if detectors.generic_repeat and self._in_a_row(call):
            return same
        return same if detectors.ping_pong and self._in_turns(call) else 0

    def _in_a_row(self, call: bytes) -> bool:
        return self._seen[-1][0] == call

    def _in_turns(self, call: bytes) -> bool:
        """Whether the last calls were this one and one other, turn about."""
        tail = [made for made, _ in self._seen][-4:]
        return len(tail) >= 3 and len(set(tail)) == 2 and all(a != b for a, b in pairwise(tail)) and call in tail
