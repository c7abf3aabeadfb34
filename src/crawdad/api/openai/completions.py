"""`POST /v1/completions`, the contract before chat."""

from __future__ import annotations

from crawdad.api.call import Call
from crawdad.api.speaking import Dialect, Gate, speak
from crawdad.services.operations.completions import Completions

COMPLETIONS = Dialect("openai-chat", "completions", "openai")


class CompletionsRoutes:
    """Handlers bound to a gate."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._completions = Completions(gate.front)

    async def create(self, call: Call) -> None:
        """`POST /v1/completions`."""
        await speak(call, self._gate, COMPLETIONS, take=self._completions.take)
