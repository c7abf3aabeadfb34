"""Which conversation a request belongs to: what keeps it with one account, whose cache then knows it. Pure."""

from __future__ import annotations

from hashlib import blake2b

from crawdad.core.parts import JsonObject
from crawdad.wire.conversations import named_conversation, user_texts

_SHORTEST_BYTES = 10
_REMINDER = "<system-reminder>"


def session_key(principal_id: str, told: str | None, body: JsonObject) -> str | None:
    """A short name of the conversation: of the session that the client told (`told`), else of what the body names, else of
    the first words that a person said. Model and time are left out, so that a conversation stays what it is. None: no sign.

    The principal is part of it: what one calls its session is none of another's.
    """
    name = told or named_conversation(body)
    if not name:
        texts = list(user_texts(body))
        name = next((text for text in texts if is_real(text)), texts[-1] if texts else None)
        if name is None:
            return None
    return blake2b(f"{principal_id}\0{name}".encode("utf-8", "replace"), digest_size=8).hexdigest()


def is_real(text: str) -> bool:
    """Whether a text is a person's own: longer than a greeting, and not put in by a tool."""
    return len(text.strip().encode("utf-8", "replace")) > _SHORTEST_BYTES and _REMINDER not in text
