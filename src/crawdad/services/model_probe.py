"""Asking a model one short question, past all routing, to see how long it takes to begin to answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.events import MessageEnd, PartDelta, PartStart, StreamEvent
from crawdad.core.parts import Message, TextPart
from crawdad.core.ports import Clock, Timeouts, Transport, UpstreamCall
from crawdad.core.request import ModelRequest, Sampling
from crawdad.core.text import Text
from crawdad.services.catalogue import Catalogue, Offer, Provider
from crawdad.services.catalogue.live import LiveCatalogue
from crawdad.services.turns.sources import endpoint, error_of
from crawdad.wire import codecs
from crawdad.wire.fields import encode

_SECONDS = 30.0
_PATIENCE = Timeouts(connect=10.0, first_byte=_SECONDS, idle=_SECONDS)
_MOST_TOKENS = 64
_MOST_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Heard:
    """Seconds from sending until the first piece of the body, and until the first sign of the model: a word, a thought, a call
    of a tool, or an end without any."""

    first_byte: float
    first_token: float


class ModelProbe:
    """Asks the providers of the catalogue, and nobody else. It spends a few tokens each time."""

    def __init__(self, transport: Transport, clock: Clock, live: LiveCatalogue) -> None:
        self._transport = transport
        self._clock = clock
        self._live = live

    async def ask(self, provider_id: str, model: str) -> Heard:
        """Raises NOT_FOUND for an unknown provider, BAD_REQUEST for one that is no remote one, UPSTREAM_ERROR with `status` in
        its details where the upstream answered with one, UPSTREAM_BROKEN and UPSTREAM_TIMEOUT."""
        offer = await self._offer(provider_id, model)
        try:
            async with asyncio.timeout(_SECONDS):
                return await self._hear(offer)
        except TimeoutError:
            raise GatewayError(
                ErrorKind.UPSTREAM_TIMEOUT, Text("routing.no_answer_within", {"seconds": round(_SECONDS)})
            ) from None

    async def _offer(self, provider_id: str, model: str) -> Offer:
        live = self._live
        catalogue: Catalogue = live.current
        provider: Provider | None = catalogue.providers.get(provider_id)
        if provider is None:
            text = Text("routing.no_provider", {"provider": provider_id[:100]})
            raise GatewayError(ErrorKind.NOT_FOUND, text, {"code": "provider_not_found"})
        if provider.local:
            text = Text("routing.not_remote", {"provider": provider_id[:100]})
            raise GatewayError(ErrorKind.BAD_REQUEST, text, {"code": "not_remote", "param": "providerName"})
        dressed = provider if live.dressed is None else await live.dressed(provider)
        known = catalogue.offers.get(f"{provider_id}/{model}")
        return replace(known, provider=dressed) if known else Offer(dressed, model, dressed.protocol_of(model))

    async def _hear(self, offer: Offer) -> Heard:
        codec = codecs.get(offer.protocol)
        question = Message("user", [TextPart("hello")])
        request = ModelRequest(offer.model, [question], sampling=Sampling(max_tokens=_MOST_TOKENS), stream=True)
        written = codec.write_request(request, offer.profile)
        headers = {**offer.headers, **written.headers, "Accept": "text/event-stream", "Accept-Encoding": "identity"}
        url = endpoint(offer.provider.base_url, codec.path(offer.model, True, offer.profile))
        call = UpstreamCall(
            "POST", url, headers, encode(written.body), _PATIENCE, proxy=offer.provider.proxy, redirects=False
        )
        began = self._clock.monotonic()
        answer = await self._transport.send(call)
        if answer.status >= 300:
            status = answer.status
            error = await error_of(answer, offer, codec, self._clock.now())
            error.details.setdefault("status", status)
            raise error
        first_byte: float | None = None
        size = 0
        reader = codec.stream_reader(offer.profile)
        try:
            async for chunk in answer.chunks():
                size += len(chunk)
                if first_byte is None:
                    first_byte = self._clock.monotonic() - began
                if any(_is_sign(event) for event in reader.feed(chunk)):
                    return Heard(first_byte, self._clock.monotonic() - began)
                if size > _MOST_BYTES:
                    raise GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("http.answer_too_large", {"limit": _MOST_BYTES}))
            reader.close()
        finally:
            await answer.close()
        now = self._clock.monotonic() - began
        return Heard(now if first_byte is None else first_byte, now)


def _is_sign(event: StreamEvent) -> bool:
    if isinstance(event, PartDelta):
        return bool(event.text or event.data)
    if isinstance(event, PartStart):
        return not isinstance(event.part, TextPart) or bool(event.part.text)
    return isinstance(event, MessageEnd)
