"""Embeddings from any provider that has them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import orjson

from crawdad.core.agent_settings import AgentsSettings
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.media import EmbeddingRequest, EmbeddingResponse
from crawdad.core.text import Text
from crawdad.services.catalogue import Offer
from crawdad.services.operations.agent_embeddings import embedding_offers
from crawdad.services.operations.calls import OPENAI, able, cannot, complete, post, post_json
from crawdad.services.turns.cut import fill_in_input
from crawdad.services.turns.front import ModelFront, Reply
from crawdad.services.turns.turn import Turn
from crawdad.wire.edit import replace_string
from crawdad.wire.fields import parse_upstream
from crawdad.wire.gemini import method_path
from crawdad.wire.media import embeddings as wire

Attempt = Callable[[Offer], Awaitable[Reply]]


class Embeddings:
    """Takes embedding requests in OpenAI's and Gemini's contracts."""

    def __init__(self, front: ModelFront, agents: Callable[[], AgentsSettings]) -> None:
        self._front = front
        self._agents = agents

    async def openai(self, turn: Turn) -> Reply:
        """`POST /v1/embeddings`. An OpenAI-type upstream gets the client's own bytes."""
        request = wire.read_openai_request(turn.body, turn.model)

        async def attempt(offer: Offer) -> Reply:
            if offer.protocol in OPENAI:
                return await self._express(turn, offer)
            response = await self._embed(turn, offer, request)
            body = wire.write_openai_response(response, turn.model, request.encoding)
            return self._complete(turn, offer, response, orjson.dumps(body))

        return await self._run(turn, attempt, request)

    async def gemini(self, turn: Turn, batch: bool) -> Reply:
        """`:embedContent` and `:batchEmbedContents`."""
        request = wire.read_gemini_request(turn.body, turn.model, batch)

        async def attempt(offer: Offer) -> Reply:
            as_it_is = offer.protocol == "gemini" and offer.profile.embeddings == "batch"
            if as_it_is and offer.model == turn.model.removeprefix("models/"):
                turn.exchange.lane = "express"
                method = "batchEmbedContents" if batch else "embedContent"
                path = method_path(offer.model, method, offer.profile)
                raw, _ = await post(turn, offer, path, turn.raw, self._front.transport)
                turn.exchange.usage = wire.gemini_usage(parse_upstream(raw))
                fill_in_input(turn)
                return complete(turn, offer, self._front.ledger, raw)
            response = await self._embed(turn, offer, request)
            return self._complete(turn, offer, response, orjson.dumps(wire.write_gemini_response(response, batch)))

        return await self._run(turn, attempt, request)

    async def _run(self, turn: Turn, attempt: Attempt, request: EmbeddingRequest) -> Reply:
        found = embedding_offers(self._front, turn, self._agents(), request.inputs)
        offers = able(found, "embedding", "embeddings", turn)
        return await self._front.dispatcher.run(turn, offers, attempt)

    async def _express(self, turn: Turn, offer: Offer) -> Reply:
        turn.exchange.lane = "express"
        raw = replace_string(turn.raw, turn.body, "model", offer.model)
        body, _ = await post(turn, offer, "/embeddings", raw, self._front.transport)
        document = parse_upstream(body)
        if not isinstance(document, dict) or not isinstance(document.get("data"), list):
            wire.read_openai_response(document)
        turn.exchange.usage = wire.openai_usage(document)
        fill_in_input(turn)
        if turn.model != offer.model and isinstance(document.get("model"), str):
            body = replace_string(body, document, "model", turn.model)
        return complete(turn, offer, self._front.ledger, body)

    async def _embed(self, turn: Turn, offer: Offer, request: EmbeddingRequest) -> EmbeddingResponse:
        turn.exchange.lane = "translated"
        transport, protocol = self._front.transport, offer.protocol
        asked = EmbeddingRequest(
            offer.model, request.inputs, request.dimensions, task=request.task, title=request.title
        )
        if protocol in OPENAI:
            document = await post_json(turn, offer, "/embeddings", wire.write_openai_request(asked), transport)
            response = wire.read_openai_response(document)
        elif protocol == "gemini":
            response = await self._ask_google(turn, offer, asked)
        elif protocol == "ollama":
            document = await post_json(turn, offer, "/api/embed", wire.write_ollama_request(asked), transport)
            response = wire.read_ollama_response(document)
        else:
            raise cannot(turn)
        if len(response.vectors) != len(request.inputs):
            text = Text("upstream.unreadable", {"reason": f"{len(response.vectors)} vectors for {len(request.inputs)}"})
            raise GatewayError(ErrorKind.UPSTREAM_BROKEN, text)
        return response

    async def _ask_google(self, turn: Turn, offer: Offer, asked: EmbeddingRequest) -> EmbeddingResponse:
        transport, form = self._front.transport, offer.profile.embeddings
        if form == "predict":
            path = method_path(offer.model, "predict", offer.profile)
            return wire.read_predict_response(
                await post_json(turn, offer, path, wire.write_predict_request(asked), transport)
            )
        path = method_path(offer.model, "batchEmbedContents", offer.profile)
        body = wire.write_gemini_request(asked, nested=form == "nested")
        return wire.read_gemini_response(await post_json(turn, offer, path, body, transport))

    def _complete(self, turn: Turn, offer: Offer, response: EmbeddingResponse, body: bytes) -> Reply:
        turn.exchange.usage = response.usage
        fill_in_input(turn)
        return complete(turn, offer, self._front.ledger, body)
