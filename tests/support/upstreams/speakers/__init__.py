"""How each vendor spells a scripted turn: one module per protocol, each with `hear`, `whole` and `stream`.

Written from the vendors' documentation and recordings, and checked with the vendors' own SDKs; nothing is shared with the
gateway's codecs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from tests.support.upstreams import protocols
from tests.support.upstreams.protocols import Ask
from tests.support.upstreams.speakers import anthropic, chat, gemini, ollama, responses
from tests.support.upstreams.stories import Heard, Stamp, Turn


class Speaker(Protocol):
    """A module that speaks one protocol."""

    def hear(self, ask: Ask) -> Heard:
        """What the request told."""

    def whole(self, turn: Turn, ask: Ask, stamp: Stamp) -> dict[str, Any]:
        """The answer in one piece."""

    def stream(self, turn: Turn, ask: Ask, stamp: Stamp) -> Iterator[bytes]:
        """The answer as the events of a stream, framed."""


SPEAKERS: dict[protocols.Protocol, Speaker] = {
    "chat": chat,
    "responses": responses,
    "anthropic": anthropic,
    "gemini": gemini,
    "ollama": ollama,
}

STREAM_TYPE: dict[protocols.Protocol, str] = {
    "chat": "text/event-stream; charset=utf-8",
    "responses": "text/event-stream; charset=utf-8",
    "anthropic": "text/event-stream; charset=utf-8",
    "gemini": "text/event-stream",
    "ollama": "application/x-ndjson",
}
"""The content type of a stream."""
