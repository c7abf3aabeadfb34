"""What a channel remembers of late: as much as fits, and what was written longest ago is forgotten first."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import TypeVar

MOST_KEPT = 1000

V = TypeVar("V")


class Recent(MutableMapping[str, V]):
    """A mapping of at most `most` names. Writing a name again makes it the newest; reading changes nothing."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._kept: dict[str, V] = {}

    def __getitem__(self, name: str) -> V:
        return self._kept[name]

    def __setitem__(self, name: str, value: V) -> None:
        self._kept.pop(name, None)
        self._kept[name] = value
        while len(self._kept) > self._most:
            del self._kept[next(iter(self._kept))]

    def __delitem__(self, name: str) -> None:
        del self._kept[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)
