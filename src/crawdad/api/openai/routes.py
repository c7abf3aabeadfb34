"""The routes of OpenAI's contract that need nothing but a model."""

from __future__ import annotations

from crawdad.api.call import Call
from crawdad.api.speaking import Dialect, Gate, speak
from crawdad.services.operations.audio import Audio
from crawdad.services.operations.embeddings import Embeddings
from crawdad.services.operations.images import Images

CHAT = Dialect("openai-chat", "chat", "openai")
EMBEDDINGS = Dialect("openai-chat", "embeddings", "openai")
IMAGES = Dialect("openai-chat", "images", "openai")
IMAGE_EDITS = Dialect("openai-chat", "image_edits", "openai", form=True)
TRANSCRIPTIONS = Dialect("openai-chat", "transcriptions", "openai", form=True)
SPEECH = Dialect("openai-chat", "speech", "openai")


class OpenAIRoutes:
    """Handlers bound to a gate."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._embeddings = Embeddings(gate.front, lambda: gate.settings().agents)
        self._images = Images(gate.front)
        self._audio = Audio(gate.front)

    async def chat_completions(self, call: Call) -> None:
        """`POST /v1/chat/completions`."""
        await speak(call, self._gate, CHAT)

    async def embeddings(self, call: Call) -> None:
        """`POST /v1/embeddings`."""
        await speak(call, self._gate, EMBEDDINGS, take=self._embeddings.openai)

    async def image_generations(self, call: Call) -> None:
        """`POST /v1/images/generations`."""
        await speak(call, self._gate, IMAGES, take=self._images.generate)

    async def image_edits(self, call: Call) -> None:
        """`POST /v1/images/edits`, a form or JSON."""
        await speak(call, self._gate, IMAGE_EDITS, take=self._images.edit)

    async def transcriptions(self, call: Call) -> None:
        """`POST /v1/audio/transcriptions`, a form."""
        await speak(call, self._gate, TRANSCRIPTIONS, take=self._audio.transcribe)

    async def speech(self, call: Call) -> None:
        """`POST /v1/audio/speech`."""
        await speak(call, self._gate, SPEECH, take=self._audio.speak)
