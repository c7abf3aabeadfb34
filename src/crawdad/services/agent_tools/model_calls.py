"""`core.asking` over the models' own front door: every call is an exchange with its log line, price and budgets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import TypeVar

import orjson

from crawdad.core.agent_settings import AgentsSettings
from crawdad.core.asking import Asker
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.exchange import Exchange
from crawdad.core.media import File, Image, ImageRequest, SpeechRequest
from crawdad.core.parts import JsonObject, Message, Part, TextPart
from crawdad.core.ports import Clock, Randomness
from crawdad.core.request import ModelRequest
from crawdad.core.response import Folder
from crawdad.core.text import Text
from crawdad.services.operations.audio import Audio
from crawdad.services.operations.embeddings import Embeddings
from crawdad.services.operations.images import Images
from crawdad.services.turns.front import ModelFront
from crawdad.services.turns.turn import Turn
from crawdad.wire import codecs
from crawdad.wire.fields import parse_upstream
from crawdad.wire.media.embeddings import read_openai_response
from crawdad.wire.media.images import read_openai as read_pictures
from crawdad.wire.media.multipart import Form

_PROTOCOL = "openai-chat"
_CONTRACT = "agent"
_SECONDS = 300.0
Done = TypeVar("Done")


class ToolModelCalls:
    """`AskModel`, `DrawPictures`, `HearRecording`, `SpeakWords` and `EmbedTexts`."""

    def __init__(self, front: ModelFront, clock: Clock, randomness: Randomness, seconds: float = _SECONDS) -> None:
        self._front = front
        self._clock = clock
        self._randomness = randomness
        self._seconds = seconds
        self._images = Images(front)
        self._audio = Audio(front)
        self._embeddings = Embeddings(front, AgentsSettings)  # an index is never made by an agent

    async def ask(self, asker: Asker, model: str, parts: Sequence[Part], *, system: str = "") -> str:
        """What the model says. Raises what the front door raises."""
        turn = self._turn(asker, "chat_completions", model, {"model": model, "messages": []})
        messages = [Message("system", [TextPart(system)])] if system else []
        messages.append(Message("user", list(parts)))
        turn.request = ModelRequest(model, messages, protocol=_PROTOCOL)

        async def work() -> str:
            folder = Folder()
            events = await self._front.events(turn)
            try:
                async for batch in events:
                    for event in batch:
                        folder.add(event)
            finally:
                await events.aclose()
            return folder.finish().text

        return await self._counted(turn, work())

    async def draw(self, asker: Asker, request: ImageRequest) -> list[Image]:
        """Pictures as the model made them."""
        body = _picture_body(request)
        turn = self._turn(asker, "images", request.model, body)

        async def work() -> list[Image]:
            reply = await self._images.generate(turn)
            return read_pictures(parse_upstream(reply.body or b"")).images

        return await self._counted(turn, work())

    async def hear(self, asker: Asker, model: str, recording: File, *, language: str = "", prompt: str = "") -> str:
        """What is said in it."""
        fields = [("model", model), ("response_format", "json")]
        fields += [(name, value) for name, value in (("language", language), ("prompt", prompt)) if value]
        turn = self._turn(asker, "transcriptions", model, dict(fields))
        turn.form = Form(fields, [("file", recording)])

        async def work() -> str:
            reply = await self._audio.transcribe(turn)
            text = parse_upstream(reply.body or b"").get("text")
            if not isinstance(text, str):
                raise GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("upstream.unreadable", {"reason": "no text"}))
            return text

        return await self._counted(turn, work())

    async def speak(self, asker: Asker, request: SpeechRequest) -> tuple[bytes, str]:
        """The sound, and its media type."""
        body: JsonObject = {"model": request.model, "input": request.text, "voice": request.voice}
        turn = self._turn(asker, "speech", request.model, {**body, "response_format": request.format})

        async def work() -> tuple[bytes, str]:
            reply = await self._audio.speak(turn)
            return reply.body or b"", reply.media_type

        return await self._counted(turn, work())

    async def embed(self, asker: Asker, model: str, texts: Sequence[str]) -> list[list[float]]:
        """One vector for each text."""
        turn = self._turn(asker, "embeddings", model, {"model": model, "input": list(texts)})

        async def work() -> list[list[float]]:
            reply = await self._embeddings.openai(turn)
            return read_openai_response(parse_upstream(reply.body or b"")).vectors

        vectors = await self._counted(turn, work())
        if len(vectors) != len(texts):
            reason = f"{len(vectors)} vectors for {len(texts)}"
            raise GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("upstream.unreadable", {"reason": reason}))
        return vectors

    def _turn(self, asker: Asker, operation: str, model: str, body: JsonObject) -> Turn:
        principal = asker.principal
        exchange = Exchange(
            id=self._randomness.new_id(),
            started_at=self._clock.now(),
            contract=_CONTRACT,
            protocol=_PROTOCOL,
            operation=operation,
            principal_id=principal.id,
            principal_name=principal.name,
            owner=principal.owner,
            session=asker.session or None,
            model_requested=model,
        )
        raw = orjson.dumps(body)
        turn = Turn(exchange, principal, codecs.get(_PROTOCOL), model, False, body, raw, self._clock.now)
        turn.language = asker.language
        turn.session = asker.session or None
        return turn

    async def _counted(self, turn: Turn, work: Awaitable[Done]) -> Done:
        """Do the work within its time; its exchange is closed whatever comes of it."""
        ledger = self._front.ledger
        try:
            async with asyncio.timeout(self._seconds):
                return await work
        except TimeoutError:
            error = GatewayError(ErrorKind.UPSTREAM_TIMEOUT, Text("media.model_timeout", {"model": turn.model}))
            ledger.fail(turn.exchange, error, 504)
            raise error from None
        except GatewayError as error:
            ledger.fail(turn.exchange, error, 502)
            raise
        finally:
            ledger.abandon(turn.exchange)


def _picture_body(request: ImageRequest) -> JsonObject:
    body: JsonObject = {"model": request.model, "prompt": request.prompt, "n": request.count}
    size = request.ratio or (f"{request.width}x{request.height}" if request.width and request.height else None)
    for name, value in (("size", size), ("quality", request.quality), ("background", request.background)):
        if value:
            body[name] = value
    return body
