"""The express lane: client and upstream speak the same protocol, so the bytes go through as they are, apart from the
model's name, while a tap learns what the log wants to know."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import suppress

import orjson

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.exchange import Exchange
from crawdad.core.ports import UpstreamAnswer
from crawdad.core.text import Text
from crawdad.services.catalogue import Offer
from crawdad.services.turns.cut import Heard, weight_of
from crawdad.services.turns.passport import Ledger
from crawdad.services.turns.sources import ANSWER_LIMIT, about_credential
from crawdad.services.turns.turn import Turn
from crawdad.services.turns.upstream_events import Patience, see_off
from crawdad.wire.codec import Codec, Tap
from crawdad.wire.edit import replace_string
from crawdad.wire.fields import parse_upstream
from crawdad.wire.sse import MARK, SseSplitter, event_data

_MOST_BEFORE_BYTES = 64 * 1024
"""How much of what tells nothing (comments) is kept for the client until the first event comes."""
_REPORTED_MODEL = re.compile(rb'("model"\s*:\s*)("(?:[^"\\]|\\.)*")')
_ENVELOPES = ("message", "response")
"""What some protocols put an answer's own fields into."""


class ModelNames:
    """Puts the name that the client used where the upstream reports its own, when the two differ."""

    __slots__ = ("_new", "_old", "_requested")

    def __init__(self, requested: str, upstream: str) -> None:
        self._requested = None if requested == upstream else orjson.dumps(requested)
        self._old: bytes | None = None
        self._new = b""

    def rename(self, event: bytes) -> bytes:
        """One raw event with the client's name in it. Text that merely mentions a model has its quotes escaped."""
        if self._requested is None:
            return event
        old = self._old
        if old is None:
            match = _reported(event)
            if match is None:
                return event
            old = self._old = match[0]
            self._new = match[1] + self._requested
        return event.replace(old, self._new) if old in event else event


def _reported(event: bytes) -> re.Match[bytes] | None:
    """Where an event names the model that answers: beside the answer's other fields, not in the arguments of a tool or in the
    client's own metadata, which may have a field of that name too."""
    if _REPORTED_MODEL.search(event) is None:
        return None  # nearly all there is of Google's: it is not parsed
    try:
        document = orjson.loads(event_data(event) or b"null")
    except orjson.JSONDecodeError:
        return None
    for place in (document, *(document.get(key) for key in _ENVELOPES)) if isinstance(document, dict) else ():
        name = place.get("model") if isinstance(place, dict) else None
        if isinstance(name, str):
            return next((found for found in _REPORTED_MODEL.finditer(event) if orjson.loads(found[2]) == name), None)
    return None


async def relay_whole(turn: Turn, answer: UpstreamAnswer, offer: Offer, codec: Codec, ledger: Ledger) -> bytes:
    """The body of a whole answer. Raises `GatewayError` for an unreadable one, or an error with a status of success."""
    try:
        raw = (await answer.read(ANSWER_LIMIT)).removeprefix(MARK)  # which clients' parsers of JSON refuse
    finally:
        await answer.close()
    document = parse_upstream(raw)
    if not isinstance(document, dict) or document.get("error"):
        codec.read_response(document, offer.profile)  # raises with the vendor's words
        raise GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("upstream.unreadable", {"reason": "no answer in it"}))
    stop = codec.stop_of(document)
    if stop is None:
        codec.read_response(document, offer.profile)  # raises where it is no answer at all
    exchange = turn.exchange
    ledger.first_byte(exchange)
    exchange.usage = codec.read_usage(document)
    if not exchange.usage.known:
        with suppress(GatewayError):  # what we cannot read may be good for the client
            exchange.heard = weight_of(codec.read_response(document, offer.profile))
    if turn.model != offer.model and isinstance(document.get("model"), str):
        raw = replace_string(raw, document, "model", turn.model)
    exchange.response_bytes = len(raw)
    ledger.complete(exchange, offer, stop)
    return raw


class StreamRelay:
    """One streamed answer on the express lane."""

    def __init__(self, turn: Turn, answer: UpstreamAnswer, offer: Offer, codec: Codec, ledger: Ledger) -> None:
        self._turn = turn
        self._answer = answer
        self._offer = offer
        self._codec = codec
        self._ledger = ledger
        self._splitter = SseSplitter()
        self._source = answer.chunks()
        self._names = ModelNames(turn.model, offer.model)
        self._tap: Tap = codec.tap(turn.body)
        self._waiting: list[bytes] = []
        self._heard = Heard()
        self._refusal = b""
        """The upstream's own error, as the client heard it."""

    async def prime(self) -> None:
        """Read up to the first event. Raises when that is an error or never comes: another source may then be tried."""
        reader = self._codec.stream_reader(self._offer.profile)
        patience, silent_bytes = Patience(self._offer), 0
        try:
            async for chunk in self._source:
                events = self._splitter.feed(chunk)
                self._waiting += events
                first = next((event for event in events if event_data(event)), None)
                if first is not None:
                    reader.feed(first)
                    self._ledger.first_byte(self._turn.exchange)
                    return
                silent_bytes += len(chunk)
                if silent_bytes > _MOST_BEFORE_BYTES:
                    self._waiting.clear()
                patience.check()
            rest = self._splitter.close() + b"\n\n"
            reader.feed(rest)
            if event_data(rest) is None:
                reader.close()  # raises: in the vendor's words where what came is an error in plain JSON
                raise GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("upstream.cut_short"))
            self._waiting.append(rest)
        except BaseException:
            await self.close()
            raise

    async def chunks(self) -> AsyncIterator[bytes]:
        """The client's bytes. An upstream that dies in the middle ends them with the protocol's error event."""
        exchange = self._turn.exchange
        try:
            waiting, self._waiting = self._waiting, []
            if waiting:
                yield self._pass(waiting, exchange)
            if not self._is_over():
                async for chunk in self._source:
                    events = self._splitter.feed(chunk)
                    if events:
                        yield self._pass(events, exchange)
                    if self._is_over():
                        break
            rest = self._splitter.close()
            if self._is_over():
                await see_off(self._source)
            elif rest.strip():
                yield self._pass([rest + b"\n\n"], exchange)
            if not self._tap.finished or self._tap.failed:
                raise self._failure()
            self._finish(exchange)
        except GatewayError as error:
            if self._tap.finished and not self._tap.failed:  # it had said all that there was to say
                self._finish(exchange)
                return
            self._note_what_was_heard(exchange)
            self._ledger.fail(exchange, error, 200)
            if not self._tap.failed:
                yield self._codec.stream_writer(self._turn.context).fail(error, self._turn.language)
        finally:
            self._note_what_was_heard(exchange)
            await self.close()

    def _failure(self) -> GatewayError:
        """Why the answer is none, in the upstream's words where it told them."""
        reader = self._codec.stream_reader(self._offer.profile)
        try:
            reader.feed(self._refusal)
            reader.close()
        except GatewayError as error:
            return about_credential(error, self._offer.provider)
        return GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("upstream.cut_short"))

    def _is_over(self) -> bool:
        """Whether the upstream has said its last, so that nobody need wait for it to hang up."""
        return self._tap.closed or self._tap.failed

    def _pass(self, events: list[bytes], exchange: Exchange) -> bytes:
        tap, names = self._tap, self._names
        out = []
        for event in events:
            if tap.feed(event):
                out.append(names.rename(event))
        data = out[0] if len(out) == 1 else b"".join(out)
        exchange.response_bytes += len(data)
        self._heard.add(data)
        if tap.failed:
            self._refusal = data
        elif tap.closed:
            self._finish(exchange)
        return data

    def _note_what_was_heard(self, exchange: Exchange) -> None:
        """For an answer that ends before its end."""
        if exchange.outcome == "open":
            exchange.usage = self._tap.usage
            exchange.heard = self._heard.weight(self._codec, self._offer.profile)

    def _finish(self, exchange: Exchange) -> None:
        exchange.usage = self._tap.usage
        if not exchange.usage.known and exchange.outcome == "open":
            exchange.heard = self._heard.weight(self._codec, self._offer.profile)
        self._ledger.complete(exchange, self._offer, self._tap.stop)

    async def close(self) -> None:
        """Let go of the upstream."""
        await self._answer.close()
