"""One whole call to an offer, and which offers can take it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.listing import ModelKind
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Transport, UpstreamCall
from crawdad.core.text import Text
from crawdad.services.catalogue import Offer
from crawdad.services.turns.front import Reply
from crawdad.services.turns.passport import Ledger
from crawdad.services.turns.sources import ANSWER_LIMIT, endpoint, error_of
from crawdad.services.turns.turn import Turn
from crawdad.wire import codecs
from crawdad.wire.fields import encode, parse_upstream
from crawdad.wire.model_lists import kind_of

OPENAI = ("openai-chat", "openai-responses")


def able(offers: Sequence[Offer], kind: ModelKind, endpoint_name: str, turn: Turn) -> list[Offer]:
    """The offers whose model does this. Raises BAD_REQUEST when none does."""
    found = [offer for offer in offers if _does(offer, kind, endpoint_name)]
    if not found:
        raise cannot(turn)
    return found


def cannot(turn: Turn) -> GatewayError:
    """The model (or its provider) does not do this; another offer may."""
    values = {"model": turn.model, "operation": turn.exchange.operation}
    details = {"code": "unsupported_content", "param": "model"}
    return GatewayError(ErrorKind.BAD_REQUEST, Text("routing.no_operation", values), details)


def complete(turn: Turn, offer: Offer, ledger: Ledger, body: bytes, media_type: str = "application/json") -> Reply:
    """Close the exchange and hand the answer over."""
    turn.exchange.response_bytes = len(body)
    ledger.complete(turn.exchange, offer, None)
    return Reply(media_type, {"x-crawdad-model": offer.name}, body=body)


def _does(offer: Offer, kind: ModelKind, endpoint_name: str) -> bool:
    if offer.provider.local:
        return False
    if offer.settings is not None:
        # A model that the operator merely named is taken at its name's word.
        known = offer.kind if offer.kind != "chat" else kind_of(offer.model)
        return known == kind or endpoint_name in offer.endpoints
    return offer.kind == kind or endpoint_name in offer.endpoints or kind_of(offer.model) == kind


async def post(
    turn: Turn, offer: Offer, path: str, body: bytes, transport: Transport, content_type: str = "application/json"
) -> tuple[bytes, Mapping[str, str]]:
    """`(body, headers)` of the answer. Raises `GatewayError` for an error status."""
    provider = offer.provider
    headers = {
        **offer.headers,
        **turn.headers,
        "Content-Type": content_type,
        "Accept": "*/*",
        "Accept-Encoding": "gzip, deflate",
        "X-Request-Id": turn.exchange.id,
    }
    url = endpoint(provider.base_url, path)
    answer = await transport.send(UpstreamCall("POST", url, headers, body, provider.timeouts, proxy=provider.proxy))
    if offer.seat is not None and answer.status < 300:
        offer.seat.heard(answer.status, answer.headers)
    exchange = turn.exchange
    exchange.upstream_request_id = answer.headers.get("x-request-id") or answer.headers.get("request-id")
    if exchange.attempts:
        exchange.attempts[-1].status = answer.status
    if answer.status >= 300:
        raise await error_of(answer, offer, codecs.get(offer.protocol), turn.now())
    try:
        return await answer.read(ANSWER_LIMIT), answer.headers
    finally:
        await answer.close()


async def post_json(turn: Turn, offer: Offer, path: str, body: JsonObject, transport: Transport) -> Any:
    """The JSON that answers a JSON body. An error with a status of success is an error."""
    raw, _ = await post(turn, offer, path, encode(body), transport)
    document = parse_upstream(raw)
    if isinstance(document, dict) and isinstance(document.get("error"), (dict, str)) and document["error"]:
        codecs.get(offer.protocol).read_response(document, offer.profile)
    return document
