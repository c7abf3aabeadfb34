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
from crawdad.wire.anthropic import counting as anthropic
from crawdad.wire.gemini import count_tokens as gemini
from crawdad.wire.gemini import method_path

ESTIMATE_HEADER = "x-crawdad-estimate"


class Counting:
    """Takes counting requests in Anthropic's and Gemini's contracts."""

    def __init__(self, front: ModelFront) -> None:
        self._front = front

    async def anthropic(self, turn: Turn) -> Reply:
        """`POST /v1/messages/count_tokens`."""
        return await self._count(turn, anthropic.write_count_response)

    async def gemini(self, turn: Turn) -> Reply:
        """`:countTokens`."""
        return await self._count(turn, lambda count: gemini.write_count(gemini.TokenCount(count)))

    async def _count(self, turn: Turn, write: Callable[[int], JsonObject]) -> Reply:
        request = turn.request  # a request that cannot be read is an error here too
        offer = self._front.offers(turn)[0]
        await self._front.dispatcher.reserve(turn, [offer])
        self._front.ledger.route(turn, offer)
        try:
            count = None
            if offer.protocol in ("anthropic-messages", "gemini"):
                count = await self._front.dispatcher.once(turn, offer, lambda one: self._ask(turn, one))
            exact = count is not None
        except GatewayError as error:
            turn.exchange.notes.append(f"count_tokens: estimated ({error.kind.value})")
            count, exact = None, False
        if count is None:
            count = estimate_request(request)
        reply = complete(turn, offer, self._front.ledger, orjson.dumps(write(count)))
        if not exact:
            reply.headers[ESTIMATE_HEADER] = "true"
        return reply

    async def _ask(self, turn: Turn, offer: Offer) -> int:
        """The provider's own count. Raises what the call raises."""
        request = replace(turn.request, model=offer.model, stream=False)
        transport = self._front.transport
        if offer.protocol == "gemini":
            asked = gemini.write_count_request(request, offer.profile).body
            path = method_path(offer.model, "countTokens", offer.profile)
            document = await post_json(turn, offer, path, asked, transport)
            return gemini.read_count(document).total
        asked = anthropic.write_count_request(request, offer.profile).body
        document = await post_json(turn, offer, anthropic.count_path(offer.profile), asked, transport)
        return anthropic.read_count_response(document)
