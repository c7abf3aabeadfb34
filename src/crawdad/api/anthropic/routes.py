"""The routes of Anthropic's contract."""

from __future__ import annotations

from crawdad.api.call import Call
from crawdad.api.speaking import Dialect, Gate, speak

MESSAGES = Dialect("anthropic-messages", "messages", "anthropic")


class AnthropicRoutes:
    """Handlers bound to a gate."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def messages(self, call: Call) -> None:
        """`POST /v1/messages`."""
        await speak(call, self._gate, MESSAGES)
