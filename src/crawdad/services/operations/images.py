"""Pictures from any provider that draws."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import orjson

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.media import Image, ImageRequest, ImageResponse
from crawdad.core.parts import MediaPart, TextPart
from crawdad.core.response import fold
from crawdad.core.text import Text
from crawdad.core.usage import Usage, total_usage
from crawdad.services.catalogue import Offer
from crawdad.services.operations.calls import OPENAI, able, cannot, complete, post, post_json
from crawdad.services.turns.front import ModelFront, Reply
from crawdad.services.turns.turn import Turn
from crawdad.wire import codecs
from crawdad.wire.fields import parse_upstream
from crawdad.wire.gemini import method_path
from crawdad.wire.media import images as wire
from crawdad.wire.media.image_edits import read_form_edit, read_json_edit
from crawdad.wire.media.image_events import write_events
from crawdad.wire.media.multipart import write_form


class Images:
    """Takes picture requests in OpenAI's contract and in Imagen's (`:predict`)."""

    def __init__(self, front: ModelFront) -> None:
        self._front = front

    async def generate(self, turn: Turn) -> Reply:
        """`POST /v1/images/generations`."""
        return await self._openai(turn, wire.read_request(turn.body, turn.model))

    async def edit(self, turn: Turn) -> Reply:
        """`POST /v1/images/edits`."""
        if turn.form is None:
            return await self._openai(turn, read_json_edit(turn.body, turn.model))
        turn.stream = turn.body.get("stream") == "true"
        return await self._openai(turn, read_form_edit(turn.form, turn.model))

    async def predict(self, turn: Turn) -> Reply:
        """`:predict`."""
        offer, response = await self._run(turn, wire.read_predict(turn.body, turn.model))
        return self._complete(turn, offer, response, orjson.dumps(wire.write_predict(response)))

    async def _openai(self, turn: Turn, request: ImageRequest) -> Reply:
        offer, response = await self._run(turn, request)
        created = int(turn.exchange.started_at)
        if turn.stream:
            reply = self._complete(turn, offer, response, write_events(response, request, created))
            assert reply.body is not None
            return Reply("text/event-stream", reply.headers, chunks=_whole(reply.body))
        return self._complete(turn, offer, response, orjson.dumps(wire.write_response(response, request, created)))

    async def _run(self, turn: Turn, request: ImageRequest) -> tuple[Offer, ImageResponse]:
        offers = able(self._front.offers(turn), "image", "images", turn)

        async def attempt(offer: Offer) -> tuple[Offer, ImageResponse]:
            turn.exchange.lane = "translated"
            return offer, await self._draw(turn, offer, replace(request, model=offer.model))

        return await self._front.dispatcher.run(turn, offers, attempt)

    async def _draw(self, turn: Turn, offer: Offer, request: ImageRequest) -> ImageResponse:
        transport = self._front.transport
        if offer.protocol in OPENAI and request.images:
            body, content_type = write_form(wire.openai_form(request), f"crawdad{turn.exchange.id}")
            raw, _ = await post(turn, offer, "/images/edits", body, transport, content_type)
            return wire.read_openai(parse_upstream(raw))
        if offer.protocol in OPENAI:
            return wire.read_openai(
                await post_json(turn, offer, "/images/generations", wire.write_openai(request), transport)
            )
        if offer.protocol == "gemini" and "imagen" in offer.model.lower():
            path = method_path(offer.model, "predict", offer.profile)
            return wire.read_imagen(await post_json(turn, offer, path, wire.write_imagen(request), transport))
        if offer.protocol == "gemini":
            return await self._draw_many(turn, offer, request)
        raise cannot(turn)

    async def _draw_many(self, turn: Turn, offer: Offer, request: ImageRequest) -> ImageResponse:
        """Gemini draws one picture a call. What worked is kept when a later call fails; nothing at all is an error."""
        calls = [self._draw_gemini(turn, offer, request) for _ in range(request.count)]
        found = await asyncio.gather(*calls, return_exceptions=True)
        images: list[Image] = []
        usages: list[Usage] = []
        failure: BaseException | None = None
        for one in found:
            if isinstance(one, BaseException):
                failure = one
                continue
            images += one.images
            usages.append(one.usage)
        if not images:
            assert failure is not None
            raise failure
        if failure is not None:
            turn.exchange.notes.append(f"{len(images)} of {request.count} pictures were made")
        return ImageResponse(images, total_usage(usages))

    async def _draw_gemini(self, turn: Turn, offer: Offer, request: ImageRequest) -> ImageResponse:
        path = method_path(offer.model, "generateContent", offer.profile)
        document = await post_json(turn, offer, path, wire.write_gemini(request), self._front.transport)
        answer = fold(codecs.get("gemini").read_response(document, offer.profile))
        images = [
            Image(part.data, part.url, part.media_type or "image/png")
            for part in answer.parts
            if isinstance(part, MediaPart) and part.kind == "image"
        ]
        if not images:
            words = " ".join(part.text for part in answer.parts if isinstance(part, TextPart)) or answer.stop.raw
            reason = (words or "no picture in the answer")[:500]
            raise GatewayError(ErrorKind.UPSTREAM_ERROR, Text("upstream.unreadable", {"reason": reason}))
        return ImageResponse(images, answer.usage)

    def _complete(self, turn: Turn, offer: Offer, response: ImageResponse, body: bytes) -> Reply:
        turn.exchange.usage = response.usage
        turn.exchange.usage.pictures = len(response.images)
        return complete(turn, offer, self._front.ledger, body)


async def _whole(stream: bytes) -> AsyncIterator[bytes]:
    yield stream
