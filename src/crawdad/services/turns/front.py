"""The front door of the models: one turn in, one reply out, whatever the source."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field

from crawdad.core.agent_names import agent_model
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.events import StreamEvent
from crawdad.core.plugin_hooks import BeforeModelRequest, NoHooks, PluginHooks, refused
from crawdad.core.ports import Randomness, Transport, UpstreamAnswer
from crawdad.core.response import Folder
from crawdad.core.sessions import normalise_agent_id
from crawdad.core.settings import BackgroundSettings
from crawdad.core.text import Text
from crawdad.services.catalogue import Catalogue, Offer, plan_route
from crawdad.services.turns.background import is_background
from crawdad.services.turns.cut import weight_of
from crawdad.services.turns.dispatch import Dispatcher
from crawdad.services.turns.local import LocalSource
from crawdad.services.turns.named_models import check_named_models
from crawdad.services.turns.passport import Ledger
from crawdad.services.turns.relay import StreamRelay, relay_whole
from crawdad.services.turns.sources import ANSWER_LIMIT, call_express, call_translated, express_bytes
from crawdad.services.turns.turn import Turn
from crawdad.services.turns.upstream_events import translated_stream
from crawdad.wire import codecs
from crawdad.wire.codec import Codec, StreamWriter
from crawdad.wire.fields import encode, parse_upstream
from crawdad.wire.profile import Profile

Events = AsyncGenerator[list[StreamEvent], None]

PASSED_HEADERS = ("x-ratelimit-", "anthropic-ratelimit-", "openai-processing-ms", "openai-version", "retry-after")


@dataclass(slots=True)
class Reply:
    """A reply that began well. Exactly one of `body` and `chunks` is set."""

    media_type: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    chunks: AsyncIterator[bytes] | None = None
    closes_exchange: bool = True
    """Whether the exchange ends with the reply; a background run goes on after it and closes its own."""


@dataclass(slots=True)
class _Opened:
    """An answer whose first event is in hand: on the express lane (`reply`) or as events."""

    offer: Offer
    reply: Reply | None = None
    events: Events | None = None


class ModelFront:
    """Takes turns: chooses sources, tries them, translates, and keeps the passport of every exchange."""

    def __init__(
        self,
        *,
        catalogue: Callable[[], Catalogue],
        transport: Transport,
        ledger: Ledger,
        dispatcher: Dispatcher,
        randomness: Randomness,
        local_sources: Mapping[str, LocalSource],
    ) -> None:
        self.catalogue = catalogue
        self.transport = transport
        self.ledger = ledger
        self.dispatcher = dispatcher
        self._randomness = randomness
        self._local = local_sources
        self.hooks: PluginHooks = NoHooks()

    def offers(self, turn: Turn) -> tuple[Offer, ...]:
        """Where the turn may go, in order. Raises NOT_FOUND or FORBIDDEN."""
        check_named_models(turn.body, turn.model, turn.principal)
        catalogue, chance = self.catalogue(), self._randomness.uniform
        if catalogue.background is not None and turn.exchange.operation == "messages":
            found = _background_offers(catalogue, catalogue.background, turn, chance)
            if found:
                return found
        return plan_route(catalogue, wanted_model(turn), turn.codec.name, turn.principal, chance).offers

    async def reply(self, turn: Turn) -> Reply:
        """The reply in the client's own protocol, its first event in hand. Raises `GatewayError` when nobody answers."""
        await self._ask_plugins(turn)
        offers = chat_offers(self.offers(turn), turn)
        opened = await self.dispatcher.run(turn, offers, lambda offer: self._open(turn, offer))
        reply = opened.reply
        if reply is None:
            assert opened.events is not None
            if turn.stream:
                reply = Reply(stream_type(turn), chunks=self._speak(turn, opened.events, opened.offer))
            else:
                reply = Reply("application/json", body=await self._whole(turn, opened.events, opened.offer))
        reply.headers["x-crawdad-model"] = opened.offer.name
        return reply

    async def events(self, turn: Turn) -> Events:
        """The answer as events, whatever its source (for callers that keep or re-frame it themselves)."""
        await self._ask_plugins(turn)
        offers = chat_offers(self.offers(turn), turn)
        turn.touched = True
        opened = await self.dispatcher.run(turn, offers, lambda offer: self._open(turn, offer))
        assert opened.events is not None
        return self._heard(turn, opened.events, opened.offer)

    async def _ask_plugins(self, turn: Turn) -> None:
        """Plugins may send the turn to another model, or refuse it. Raises FORBIDDEN."""
        if not self.hooks.wanted(BeforeModelRequest.hook):
            return
        exchange = turn.exchange
        event = await self.hooks.ask(
            BeforeModelRequest(
                exchange_id=exchange.id,
                contract=exchange.contract,
                principal_id=exchange.principal_id,
                principal_name=exchange.principal_name,
                session=exchange.session or "",
                model=turn.model,
                stream=turn.stream,
            )
        )
        if event.refused_by:
            raise refused(event)
        if event.model and event.model != turn.model:
            exchange.notes.append(f"sent to {event.model} by a plugin")
            turn.model = event.model

    async def _open(self, turn: Turn, offer: Offer) -> _Opened:
        exchange = turn.exchange
        if offer.provider.local:
            exchange.lane = "local"
            events = self._local[offer.provider.id].take(turn, offer)
            return _Opened(offer, events=await primed(events, lambda: self.ledger.first_byte(exchange)))
        raw = express_bytes(turn, offer)
        if raw is not None:
            return await self._express(turn, offer, raw)
        codec = codecs.get(offer.protocol)
        exchange.lane = "translated"
        answer = await call_translated(turn, offer, codec, self.transport)
        profile = offer.profile
        if turn.stream and "json" not in answer.headers.get("content-type", "").replace("ndjson", ""):
            events = translated_stream(answer, codec, offer)
            return _Opened(offer, events=await primed(events, lambda: self.ledger.first_byte(exchange)))
        try:
            body = await answer.read(ANSWER_LIMIT)
        finally:
            await answer.close()
        events = _once(_read_whole(body, codec, profile, turn.stream or _is_streamed(answer)))
        self.ledger.first_byte(exchange)
        return _Opened(offer, events=events)

    async def _express(self, turn: Turn, offer: Offer, raw: bytes) -> _Opened:
        turn.exchange.lane = "express"
        answer = await call_express(turn, offer, raw, self.transport)
        passed = {name: value for name, value in answer.headers.items() if name.lower().startswith(PASSED_HEADERS)}
        if not turn.stream and not _is_streamed(answer):
            body = await relay_whole(turn, answer, offer, turn.codec, self.ledger)
            return _Opened(offer, Reply("application/json", passed, body=body))
        if not turn.stream or "json" in answer.headers.get("content-type", ""):
            # The upstream answered whole where a stream was asked for, or the other way round: the client gets what it wants.
            try:
                body = await answer.read(ANSWER_LIMIT)
            finally:
                await answer.close()
            events = _once(_read_whole(body, turn.codec, offer.profile, streamed=True))
            self.ledger.first_byte(turn.exchange)
            return _Opened(offer, events=events)
        relay = StreamRelay(turn, answer, offer, turn.codec, self.ledger)
        await relay.prime()
        return _Opened(offer, Reply("text/event-stream", passed, chunks=relay.chunks()))

    async def _heard(self, turn: Turn, events: Events, offer: Offer) -> Events:
        """The same events, the passport filled in before the last of them is passed on."""
        try:
            async for batch in events:
                self.ledger.listen(turn.exchange, batch, offer)
                yield batch
        finally:
            await events.aclose()

    async def _speak(self, turn: Turn, events: Events, offer: Offer) -> AsyncIterator[bytes]:
        writer = stream_writer(turn)
        exchange = turn.exchange
        try:
            async for batch in events:
                data = writer.send(batch[0]) if len(batch) == 1 else b"".join([writer.send(event) for event in batch])
                exchange.response_bytes += len(data)
                self.ledger.listen(exchange, batch, offer)
                if data:
                    yield marked(data, turn) if turn.mark else data
            if exchange.outcome == "open":
                raise GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("upstream.cut_short"))
        except GatewayError as error:
            self.ledger.fail(exchange, error, 200)
            yield writer.fail(error, turn.language)
        finally:
            await events.aclose()

    async def _whole(self, turn: Turn, events: Events, offer: Offer) -> bytes:
        folder, exchange = Folder(), turn.exchange
        try:
            async for batch in events:
                exchange.heard += weight_of(batch)
                for event in batch:
                    folder.add(event)
        finally:
            await events.aclose()
        response = folder.finish()
        body = encode(turn.codec.write_response(response, turn.context))
        if not offer.provider.agents:
            exchange.usage = response.usage
        exchange.response_bytes = len(body)
        self.ledger.complete(exchange, offer, response.stop.reason)
        return body


def _background_offers(
    catalogue: Catalogue, settings: BackgroundSettings, turn: Turn, chance: Callable[[], float]
) -> tuple[Offer, ...]:
    """Where an errand goes; nowhere special when it is none, or the caller may not go there."""
    if not is_background(turn.body, settings):
        return ()
    try:
        offers = plan_route(catalogue, settings.model, turn.codec.name, turn.principal, chance).offers
    except GatewayError:
        return ()
    turn.exchange.notes.append(f"sent to the background model {settings.model}")
    return offers


def wanted_model(turn: Turn) -> str:
    """The model that the turn is for: the body's, unless a header names an agent."""
    named = turn.gateway_headers.get("x-openclaw-agent-id") or turn.gateway_headers.get("x-openclaw-agent")
    return agent_model(normalise_agent_id(named)) if named else turn.model


def marked(data: bytes, turn: Turn) -> bytes:
    """Server-sent events of a chat, the last of them with the mark by which the stream can be taken up after it."""
    if turn.codec.name != "openai-chat" or not data.endswith(b"\n\n"):
        return data
    last = data.rfind(b"\n\n", 0, len(data) - 2) + 2 if data.count(b"\n\n") > 1 else 0
    return b"%bid: %b\n%b" % (data[:last], turn.mark.encode(), data[last:])


def chat_offers(offers: tuple[Offer, ...], turn: Turn) -> list[Offer]:
    """The offers that can take a turn of conversation. Raises BAD_REQUEST when none can."""
    found = [offer for offer in offers if offer.kind == "chat" or "chat" in offer.endpoints]
    if not found:
        text = Text("routing.no_operation", {"model": turn.model, "operation": turn.exchange.operation})
        raise GatewayError(ErrorKind.BAD_REQUEST, text, {"code": "unsupported_operation", "param": "model"})
    return found


def stream_type(turn: Turn) -> str:
    """The media type of the client's stream."""
    return "application/json" if turn.array else "text/event-stream"


def stream_writer(turn: Turn) -> StreamWriter:
    """The writer for the client's stream."""
    return turn.codec.array_writer(turn.context) if turn.array else turn.codec.stream_writer(turn.context)


async def primed(events: Events, began: Callable[[], None]) -> Events:
    """`events` once the first of them is in hand. Raises what the source raises before that."""
    first: list[StreamEvent] = []
    try:
        async for batch in events:
            if batch:
                first = batch
                break
        else:
            raise GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("upstream.cut_short"))
    except BaseException:
        await events.aclose()
        raise
    began()
    return _continued(first, events)


async def _continued(first: list[StreamEvent], rest: Events) -> Events:
    try:
        yield first
        async for batch in rest:
            yield batch
    finally:
        await rest.aclose()


def _is_streamed(answer: UpstreamAnswer) -> bool:
    """Whether an answer says that it is a stream: some upstreams know nothing else, whatever they are asked for."""
    kind = answer.headers.get("content-type", "")
    return "event-stream" in kind or "ndjson" in kind


def _read_whole(body: bytes, codec: Codec, profile: Profile, streamed: bool) -> list[StreamEvent]:
    """The events of an answer that says it is JSON. Where a stream was asked for it may be one all the same. Raises
    `GatewayError` where it is neither."""
    try:
        document = parse_upstream(body)
    except GatewayError:
        if not streamed:
            raise
        reader = codec.stream_reader(profile)
        return reader.feed(body) + reader.close()
    return codec.read_response(document, profile)


async def _once(events: list[StreamEvent]) -> Events:
    yield events
