"""The words around what a search has found."""

from __future__ import annotations

from crawdad.core.sessions import SearchHit
from crawdad.services.sessions.transcript import message_of, text_of

_AROUND = 80


def snippet_of(hit: SearchHit, wanted: str) -> str:
    """A piece of what was said, or the session's title or key where that was found."""
    if hit.line is None:
        return hit.entry.title or hit.entry.label or hit.entry.key
    message = message_of(hit.line.data)
    return around(text_of(message.parts) if message else "", wanted)


def around(text: str, wanted: str) -> str:
    """The words around the first that was looked for."""
    flat = " ".join(text.split())
    low = flat.lower()
    places = [low.find(word) for word in wanted.lower().split()]
    place = min((each for each in places if each >= 0), default=0)
    start, end = max(0, place - _AROUND), place + _AROUND
    return ("…" if start else "") + flat[start:end] + ("…" if end < len(flat) else "")
