"""Calling one offer: over HTTP in its protocol, or inside this process."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.ports import Transport, UpstreamAnswer, UpstreamCall
from crawdad.core.text import Text
from crawdad.core.tracing import to_upstream
from crawdad.services.catalogue import Offer, Provider
from crawdad.services.turns.inlining import inlined
from crawdad.services.turns.turn import Turn
from crawdad.wire.codec import Codec
from crawdad.wire.edit import replace_string
from crawdad.wire.fields import encode
from crawdad.wire.refusals import header_wait
from crawdad.wire.seals import has_seals

_ANY_PROTOCOL = ("idempotency-key",)
"""Client headers that mean the same to every vendor."""
_SHARED = ("/v1beta", "/v1", "/publishers/google", "/publishers/anthropic")
_NO_SECRETS = ("Content-Type", "anthropic-version")
_SHORTEST_SECRET = 8
_MASK = b"[credential]"
ERROR_BODY_LIMIT = 1024 * 1024
_ERROR_SECONDS = 15.0
"""How long an error may take to be told after its status: others may yet be asked, and the client waits."""
ANSWER_LIMIT = 64 * 1024 * 1024


def endpoint(base_url: str, path: str) -> str:
    """The URL of `path` below a provider's base URL. What stands in both is written once: Anthropic's base URL is
    customarily given without `/v1`, OpenAI's with it, Vertex's with or without the publisher."""
    base = base_url.rstrip("/")
    for shared in _SHARED:
        if path.startswith(shared + "/") and base.endswith(shared):
            return base + path[len(shared) :]
    return base + path


def express_bytes(turn: Turn, offer: Offer) -> bytes | None:
    """The client's own bytes, with the model's name replaced, where they can go up as they are; else None."""
    if offer.protocol != turn.codec.name or turn.touched or turn.array or has_seals(turn.raw):
        return None
    body, raw = turn.body, turn.raw
    if isinstance(body.get("model"), str):
        raw = replace_string(raw, body, "model", offer.model)
    return turn.codec.express_request(raw, body, turn.stream, offer.profile)


async def call_express(turn: Turn, offer: Offer, raw: bytes, transport: Transport) -> UpstreamAnswer:
    """Send the client's own bytes. Raises `GatewayError` for an error status."""
    return await _send(turn, offer, turn.codec, transport, raw, turn.headers)


async def call_translated(turn: Turn, offer: Offer, codec: Codec, transport: Transport) -> UpstreamAnswer:
    """Send the request in the offer's own protocol. Raises `GatewayError` for an error status."""
    request = replace(await inlined(turn, codec, transport), model=offer.model)
    if request.sampling.max_tokens is None and offer.max_tokens and offer.settings is not None:
        profile = replace(offer.profile, default_max_tokens=offer.max_tokens)
    else:
        profile = offer.profile
    written = codec.write_request(request, profile)
    for note in written.notes:
        if note not in turn.exchange.notes:
            turn.exchange.notes.append(note)
    same = codec.name == turn.codec.name
    kept = turn.headers if same else {name: turn.headers[name] for name in _ANY_PROTOCOL if name in turn.headers}
    headers = {**kept, **written.headers}
    return await _send(turn, offer, codec, transport, encode(written.body), headers)


async def _send(
    turn: Turn, offer: Offer, codec: Codec, transport: Transport, body: bytes, extra: Mapping[str, str]
) -> UpstreamAnswer:
    provider = offer.provider
    headers = {**offer.headers, **extra}
    headers["Accept"] = "text/event-stream" if turn.stream else "application/json"
    headers["Accept-Encoding"] = "identity" if turn.stream else "gzip, deflate"
    headers["X-Request-Id"] = turn.exchange.id
    if (place := to_upstream()) is not None:
        headers["traceparent"] = place
    call = UpstreamCall(
        "POST",
        endpoint(provider.base_url, codec.path(offer.model, turn.stream, offer.profile)),
        headers,
        body,
        provider.timeouts,
        proxy=provider.proxy,
    )
    answer = await transport.send(call)
    if offer.seat is not None and answer.status < 300:
        offer.seat.heard(answer.status, answer.headers)
    exchange = turn.exchange
    exchange.upstream_request_id = answer.headers.get("x-request-id") or answer.headers.get("request-id")
    if exchange.attempts:
        exchange.attempts[-1].status = answer.status
    if answer.status >= 300:
        raise await error_of(answer, offer, codec, turn.now())
    return answer


async def error_of(answer: UpstreamAnswer, offer: Offer, codec: Codec, now: float) -> GatewayError:
    """The error that an answer with an error status tells; the answer is closed. `now` is in Unix seconds."""
    body = b""
    try:
        async with asyncio.timeout(_ERROR_SECONDS):
            async for chunk in answer.chunks():
                body += chunk
                if len(body) >= ERROR_BODY_LIMIT:
                    break
    except (GatewayError, TimeoutError):
        pass  # what came of it must do: the status tells more than that the rest was lost
    finally:
        await answer.close()
    told = without_credentials(body[:ERROR_BODY_LIMIT], offer)
    error = error_of_status(answer.status, answer.headers, told, offer.provider, codec)
    if error.retry_after is None:  # the codecs know numbers of seconds only: a date needs a clock
        error.retry_after = header_wait(answer.headers, now)
    if offer.seat is not None:
        refusal = offer.seat.heard(answer.status, answer.headers, told)
        if refusal is not None:
            error.details["refusal"] = refusal
    return error


def without_credentials(body: bytes, offer: Offer) -> bytes:
    """An error's body without what was sent to prove who asks: some servers tell it back, and errors go to clients."""
    for name, value in offer.headers.items():
        secret = value.removeprefix("Bearer ").encode()
        if len(secret) >= _SHORTEST_SECRET and name not in _NO_SECRETS:
            body = body.replace(secret, _MASK)
    return body


def error_of_status(
    status: int, headers: Mapping[str, str], body: bytes, provider: Provider, codec: Codec
) -> GatewayError:
    """The error that a status of 300 or more tells. A redirect is one: it is not followed with a credential in hand."""
    if status < 400:
        return GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("upstream.error_status", {"status": status}))
    return about_credential(codec.read_error(status, headers, body), provider)


def about_credential(error: GatewayError, provider: Provider) -> GatewayError:
    """An upstream's 401 is about the gateway's credential, not the client's: tell it as an upstream fault."""
    if error.kind is not ErrorKind.UNAUTHENTICATED:
        return error
    text = Text("routing.credential_refused", {"provider": provider.id, "message": error.message()})
    return GatewayError(ErrorKind.UPSTREAM_ERROR, text, {"code": "upstream_credential_refused", "passing": False})
