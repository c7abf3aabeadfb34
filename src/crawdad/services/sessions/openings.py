"""What conversations that nobody named are called: by the first words that were said in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from crawdad.core.sessions import SessionEntry, without_stamp
from crawdad.services.sessions.transcript import message_of, text_of
from crawdad.store.session_search import SessionSearch

_LONGEST = 60
_MOST_KEPT = 10_000


class Openings:
    """Reads them. What a log begins with never changes, so it is read once."""

    def __init__(self, search: SessionSearch) -> None:
        self._search = search
        self._kept: dict[str, str] = {}

    async def of(self, entries: Iterable[SessionEntry]) -> Mapping[str, str]:
        """The first words of each, by the id of its log; those in which nobody said anything are left out."""
        wanted = [entry.session_id for entry in entries]
        found = {one: self._kept[one] for one in wanted if one in self._kept}
        unread = [one for one in wanted if one not in found]
        fresh: dict[str, str] = {}
        for line in await self._search.beginnings(unread) if unread else ():
            message = message_of(line.data)
            if message is None or message.role != "user" or line.session_id in fresh:
                continue
            words = first_words(text_of(message.parts))
            if words:
                fresh[line.session_id] = words
        if len(self._kept) + len(fresh) > _MOST_KEPT:
            self._kept.clear()
        self._kept |= fresh
        return found | fresh


def first_words(text: str) -> str:
    """The beginning of what somebody said, on one line."""
    words = " ".join(without_stamp(text[: 8 * _LONGEST]).split())
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1].rstrip()}…"
