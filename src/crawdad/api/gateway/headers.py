"""The headers of the gateway's own contract, which concern nobody else: they name an agent, a session, a place in a stream."""

from __future__ import annotations

from crawdad.api.call import Call, Headers

_NAMES = (
    b"x-openclaw-agent-id",
    b"x-openclaw-agent",
    b"x-openclaw-session-key",
    b"x-openclaw-model",
    b"x-openclaw-message-channel",
    b"x-openclaw-queue-mode",
    b"last-event-id",
    b"idempotency-key",
)
_MOST_CHARACTERS = 600


def gateway_headers(call: Call) -> Headers:
    """Those that the call carries."""
    found = {name.decode(): call.header(name).strip() for name in _NAMES if name in call.headers}
    return {name: value for name, value in found.items() if value and len(value) <= _MOST_CHARACTERS}
