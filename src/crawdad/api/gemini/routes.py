"""The routes below `/v1beta/models/` and `/v1/models/`: a model's name, a colon, and what to do with it."""

from __future__ import annotations

from crawdad.api.call import Call
from crawdad.api.front_door import not_found
from crawdad.api.speaking import Dialect, Gate, Take, UrlSays, speak
from crawdad.services.operations.counting import Counting
from crawdad.services.operations.embeddings import Embeddings
from crawdad.services.operations.images import Images
from crawdad.services.turns.front import Reply
from crawdad.services.turns.turn import Turn

_METHODS = {
    "generateContent": "chat",
    "streamGenerateContent": "chat",
    "countTokens": "count_tokens",
    "embedContent": "embeddings",
    "batchEmbedContents": "embeddings",
    "predict": "images",
}


class GeminiRoutes:
    """Handlers bound to a gate."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._embeddings = Embeddings(gate.front, lambda: gate.settings().agents)
        self._images = Images(gate.front)
        self._counting = Counting(gate.front)

    async def post(self, call: Call, rest: str) -> None:
        """`POST …/models/{model}:{method}` (also `…/{model}/countTokens`, which older clients use)."""
        model, colon, method = rest.rpartition(":")
        if not colon and rest.endswith("/countTokens"):
            model, _, method = rest.rpartition("/")
        operation = _METHODS.get(method)
        if operation is None or not model:
            raise not_found(call)
        stream = method == "streamGenerateContent"
        array = stream and call.query().get("alt") != "sse"
        dialect = Dialect("gemini", operation, "gemini", query_key=True)
        said = UrlSays(model, stream, array)
        await speak(call, self._gate, dialect, said=said, take=self._taker(method))

    def _taker(self, method: str) -> Take | None:
        takers: dict[str, Take] = {
            "countTokens": self._count,
            "embedContent": self._embed_one,
            "batchEmbedContents": self._embed_many,
            "predict": self._images.predict,
        }
        return takers.get(method)

    async def _count(self, turn: Turn) -> Reply:
        inner = turn.body.get("generateContentRequest")
        if isinstance(inner, dict):
            turn.body = inner
        return await self._counting.gemini(turn)

    async def _embed_one(self, turn: Turn) -> Reply:
        return await self._embeddings.gemini(turn, batch=False)

    async def _embed_many(self, turn: Turn) -> Reply:
        return await self._embeddings.gemini(turn, batch=True)
