"""The routes of Anthropic's contract."""

from __future__ import annotations

from crawdad.api.call import Call
from crawdad.api.speaking import Dialect, Gate, speak
from crawdad.services.operations.counting import Counting

MESSAGES = Dialect("anthropic-messages", "messages", "anthropic")
COUNT_TOKENS = Dialect("anthropic-messages", "count_tokens", "anthropic")
_TELEMETRY_BYTES = 1024 * 1024


class AnthropicRoutes:
    """Handlers bound to a gate."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._counting = Counting(gate.front)

    async def messages(self, call: Call) -> None:
        """`POST /v1/messages`."""
        await speak(call, self._gate, MESSAGES)

    async def count_tokens(self, call: Call) -> None:
        """`POST /v1/messages/count_tokens`."""
        await speak(call, self._gate, COUNT_TOKENS, take=self._counting.anthropic)

    async def telemetry(self, call: Call) -> None:
        """What Claude Code reports of itself to its vendor is read and thrown away, so that it does not retry."""
        await call.body(_TELEMETRY_BYTES)
        await call.answer(200, b"", "application/json")
