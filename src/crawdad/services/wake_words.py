"""The words by which devices that listen know that they are meant: kept here, told to all of them when they change."""

from __future__ import annotations

from collections.abc import Sequence

from crawdad.core.happenings import Event
from crawdad.core.ports import Bus, Clock
from crawdad.store.key_values import KeyValues

WAKE_WORDS_CHANGED = "voice.wake_words"
"""A topic: `{triggers}`."""
USUAL = ("openclaw", "claude", "computer")
_KEY = "voice.wakeWords"
_MOST, _LONGEST = 32, 64


class WakeWords:
    """The words, in the order in which they were set."""

    def __init__(self, values: KeyValues, bus: Bus, clock: Clock, process: str) -> None:
        self._values = values
        self._bus = bus
        self._clock = clock
        self._process = process

    async def get(self) -> list[str]:
        """Those in effect."""
        return cleaned(await self._values.get(_KEY) or ())

    async def set(self, triggers: Sequence[str]) -> list[str]:
        """Take others; the usual ones where there are none. Returns those in effect."""
        kept = cleaned(triggers)
        await self._values.put(_KEY, kept)
        await self._bus.publish(Event(WAKE_WORDS_CHANGED, {"triggers": kept}, self._clock.now(), self._process))
        return kept


def cleaned(triggers: Sequence[str]) -> list[str]:
    """Words without space around them, each once, of a bearable number and length. Pure."""
    found = dict.fromkeys(word.strip()[:_LONGEST].strip() for word in triggers)
    return [word for word in found if word][:_MOST] or list(USUAL)
