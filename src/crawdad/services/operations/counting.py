"""Counting the tokens of a request before it is sent: by the provider's own counter, else by an estimate that says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import orjson

from crawdad.core.errors import GatewayError
from crawdad.core.parts import JsonObject
from crawdad.services.catalogue import Offer
from crawdad.services.estimate import estimate_request
from crawdad.services.operations.calls import complete, post_json
from crawdad.services.turns.front import ModelFront, Reply
from crawdad.services.turns.turn import Turn
from crawdad.wire import codecs
from crawdad.wire.fields import as_count, unreadable

ESTIMATE_HEADER = "x-crawdad-estimate"
_NOT_COUNTED = ("max_tokens", "stream", "metadata", "temperature", "top_p", "top_k", "stop_sequences", "service_tier")


class Counting:
    """Takes counting requests in Anthropic's and Gemini's contracts."""

    def __init__(self, front: ModelFront) -> None:
        self._front = front

    async def anthropic(self, turn: Turn) -> Reply:
        """`POST /v1/messages/count_tokens`."""
        return await self._count(turn, lambda count: {"input_tokens": count})

    async def gemini(self, turn: Turn) -> Reply:
        """`:countTokens`."""
        return await self._count(turn, lambda count: {"totalTokens": count})

    async def _count(self, turn: Turn, write: Callable[[int], JsonObject]) -> Reply:
        offer = self._front.offers(turn)[0]
        self._front.ledger.route(turn.exchange, offer)
        request = turn.request  # a request that cannot be read is an error here too
        try:
            count, exact = await self._ask(turn, offer), True
        except GatewayError as error:
            turn.exchange.notes.append(f"count_tokens: estimated ({error.kind.value})")
            count, exact = None, False
        if count is None:
            count, exact = estimate_request(request), False
        reply = complete(turn, offer, self._front.ledger, orjson.dumps(write(count)))
        if not exact:
            reply.headers[ESTIMATE_HEADER] = "true"
        return reply

    async def _ask(self, turn: Turn, offer: Offer) -> int | None:
        """The provider's own count; None where it has no counter. Raises what the call raises."""
        if offer.protocol not in ("anthropic-messages", "gemini"):
            return None
        request = replace(turn.request, model=offer.model, stream=False)
        body = codecs.get(offer.protocol).write_request(request, offer.profile).body
        transport = self._front.transport
        if offer.protocol == "gemini":
            asked = {"generateContentRequest": {"model": f"models/{offer.model}", **body}}
            document = await post_json(turn, offer, f"/models/{offer.model}:countTokens", asked, transport)
            key = "totalTokens"
        else:
            asked = {name: value for name, value in body.items() if name not in _NOT_COUNTED}
            document = await post_json(turn, offer, "/v1/messages/count_tokens", asked, transport)
            key = "input_tokens"
        if not isinstance(document, dict) or key not in document:
            raise unreadable("no count in it")
        return as_count(document[key])
