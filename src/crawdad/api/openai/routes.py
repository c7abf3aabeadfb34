"""The routes of OpenAI's contract that take turns."""

from __future__ import annotations

from crawdad.api.call import Call
from crawdad.api.speaking import Dialect, Gate, speak

CHAT = Dialect("openai-chat", "chat", "openai")
RESPONSES = Dialect("openai-responses", "responses", "openai")


class OpenAIRoutes:
    """Handlers bound to a gate."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def chat_completions(self, call: Call) -> None:
        """`POST /v1/chat/completions`."""
        await speak(call, self._gate, CHAT)
