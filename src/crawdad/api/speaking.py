"""The shape of every model route: authenticate, read, take the turn, answer in the route's own protocol."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import quote

import orjson

from crawdad.api.call import Call, Disconnected, Headers
from crawdad.api.feature_headers import feature_headers
from crawdad.api.gateway.headers import gateway_headers
from crawdad.api.gateway.words import gateway_words
from crawdad.api.page_session import PageSessions, unproven
from crawdad.api.pulse import ClientWatch, Pulse
from crawdad.core.agent_names import AGENT_PROVIDER
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.exchange import Exchange
from crawdad.core.identity import Principal
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Clock, Randomness
from crawdad.core.settings import GatewaySettings, Settings
from crawdad.core.text import Text
from crawdad.core.tracing import PLACE, TRACER, read_traceparent
from crawdad.services.bodies import BodyCapture, BodyKeeper
from crawdad.services.budgets import Budgets
from crawdad.services.identity import Door
from crawdad.services.identity.visitors import Visitors
from crawdad.services.switch import ServiceSwitch
from crawdad.services.turns.front import ModelFront, Reply, stream_type, stream_writer
from crawdad.services.turns.refusals import NOBODY, Refusals
from crawdad.services.turns.turn import Turn
from crawdad.wire import codecs
from crawdad.wire.fields import is_too_deep, parse_object

STREAM_HEADERS: Headers = {"cache-control": "no-cache", "x-accel-buffering": "no"}
_MODEL_CHARACTERS = 256
_TO_AGENTS = ("chat", "responses")
"""Operations that reach the default agent where no model is named."""


@dataclass(slots=True)
class Gate:
    """What routes need: the door, the models behind it, and the settings of the moment."""

    door: Door
    front: ModelFront
    clock: Clock
    randomness: Randomness
    settings: Callable[[], Settings]
    switch: ServiceSwitch
    bodies: BodyKeeper
    refusals: Refusals
    budgets: Budgets
    visitors: Visitors | None = None
    pages: PageSessions | None = None

    def enter(self, credential: str | None, address: str) -> Principal:
        """Who comes to use models. The administrator's own token is for administering: it opens no model route, so that a
        tool which is handed one does not hold the keys to the house. Raises UNAUTHENTICATED, RATE_LIMITED."""
        principal = self.door.enter(credential, address)
        if principal.kind == "admin":
            raise GatewayError(ErrorKind.UNAUTHENTICATED, Text("identity.admin_only"), {"code": "invalid_api_key"})
        return principal

    def admit(self, call: Call, query_key: bool = False) -> Principal:
        """Who makes this call: whoever its credential names, else whom a trusted proxy names, or who signed in to our pages
        (there an administrator may try models, too)."""
        credential = call.credential(query_key)
        if credential is None and call.unproven:
            raise unproven()
        if credential is None and call.visitor is not None:
            return call.visitor
        return self.enter(credential, call.address)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one route speaks: protocol, operation for the log, where the credential may stand, whether forms are taken."""

    protocol: str
    operation: str
    contract: str
    query_key: bool = False
    form: bool = False


@dataclass(frozen=True, slots=True)
class UrlSays:
    """What some protocols say in the URL instead of the body. `array` asks for Gemini's JSON-array streaming."""

    model: str | None = None
    stream: bool | None = None
    array: bool = False


async def admit(call: Call, gate: Gate, dialect: Dialect) -> Principal:
    """Who is calling, allowed to use models in this protocol and within its requests of this minute."""
    principal = gate.admit(call, dialect.query_key)
    await let_in(principal, gate, dialect)
    return principal


async def let_in(principal: Principal, gate: Gate, dialect: Dialect) -> None:
    """Raise FORBIDDEN or RATE_LIMITED unless the caller may use models in this protocol now."""
    principal.need_protocol(dialect.protocol)
    await gate.budgets.admit(principal)


def new_exchange(call: Call, gate: Gate, dialect: Dialect, principal: Principal) -> Exchange:
    """A fresh passport for this call."""
    return Exchange(
        id=call.id,
        started_at=gate.clock.now(),
        contract=dialect.contract,
        protocol=dialect.protocol,
        operation=dialect.operation,
        method=call.method,
        path=call.shown_url,
        principal_id=principal.id,
        principal_name=principal.name,
        owner=principal.owner,
        client_address=str(call.address),
        user_agent=call.header(b"user-agent")[:300],
        client_request_id=call.shown_id if call.shown_id != call.id else None,
        session=call.header(b"x-claude-code-session-id") or call.header(b"session-id") or None,
    )


_BODY_SAYS = UrlSays()
Take = Callable[[Turn], Awaitable[Reply]]


async def speak(
    call: Call,
    gate: Gate,
    dialect: Dialect,
    *,
    said: UrlSays = _BODY_SAYS,
    take: Take | None = None,
    principal: Principal | None = None,
) -> None:
    """Serve one model route from request to reply. Errors are answered in the dialect's own words.

    `take` makes the reply of a turn; by default the model front does. `principal` is who calls, where a contract with a
    sign-in of its own has found that out already.
    """
    conversation = _Conversation(call, gate, dialect, take or gate.front.reply, principal)
    token = PLACE.set(read_traceparent(call.header(b"traceparent"))) if TRACER.get() is not None else None
    try:
        await conversation.run(said)
    except Disconnected:
        return
    except GatewayError as error:
        await conversation.fail(error)
    except Exception as error:  # the front door tells of faults of ours; the log must not say that the client had left
        if not isinstance(error, TypeError) or not is_too_deep(error):
            conversation.break_down()
            raise
        await conversation.fail(bad_request("wire.too_deep"))  # what can be read may be deeper than what can be written
    finally:
        await conversation.close()
        if token is not None:
            PLACE.reset(token)


def make_turn(exchange: Exchange, principal: Principal, call: Call, gate: Gate, raw: bytes, said: UrlSays) -> Turn:
    """The turn that a request body asks for. Raises BAD_REQUEST."""
    form = None
    if call.header(b"content-type").startswith("multipart/form-data"):
        from crawdad.wire.media.multipart import read_form

        form = read_form(raw, call.header(b"content-type"))
        body: JsonObject = dict(form.fields)
    else:
        body = parse_object(raw)
    name = body.get("model") if said.model is None else said.model
    if name is None and exchange.operation in _TO_AGENTS and AGENT_PROVIDER in gate.front.catalogue().providers:
        name = AGENT_PROVIDER
    name = usable_model_name(name)
    stream = False if form is not None else said.stream
    if stream is None:
        asked = body.get("stream")
        if asked is not None and not isinstance(asked, bool):
            raise bad_request("wire.type", "stream", expected="a boolean")
        stream = bool(asked)
    exchange.model_requested = name
    exchange.stream = stream
    exchange.request_bytes = len(raw)
    turn = Turn(exchange, principal, codecs.get(exchange.protocol), name, stream, body, raw, gate.clock.now)
    turn.form = form
    turn.array = said.array
    turn.headers = feature_headers(call, principal)
    turn.gateway_headers = gateway_headers(call)
    turn.language = call.language
    return turn


def usable_model_name(value: object) -> str:
    """A model name as a client gave it. Raises BAD_REQUEST unless it is a short, printable, non-empty string."""
    if value is None:
        raise bad_request("wire.missing", "model")
    if not isinstance(value, str):
        raise bad_request("wire.type", "model", expected="a string")
    if not value or len(value) > _MODEL_CHARACTERS or not value.isprintable():
        raise bad_request("wire.value", "model", value=repr(value[:64]))
    return value


def reply_headers(reply: Reply, exchange: Exchange, with_account: bool = True) -> Headers:
    """Headers that tell where the answer came from (the account only where that is wanted) and what was lost on the way."""
    headers = {**reply.headers, "request-id": exchange.id}
    if exchange.model_resolved:
        headers["x-mapped-model"] = exchange.model_resolved.partition("/")[2]
    if exchange.account_label and with_account:
        headers["x-account-email"] = quote(exchange.account_label, safe="@:+ /()[]{}<>,;=!?#&*'$")
    if exchange.notes:
        headers["x-crawdad-notes"] = "; ".join(exchange.notes)[:1000]
    return headers


def error_body(body: JsonObject, request_id: str) -> JsonObject:
    """The body of an error answer, with the request's id where the protocol has a place for it."""
    return {**body, "request_id": request_id} if body.get("request_id", "") is None else body


def error_headers(error: GatewayError) -> Headers:
    """Headers of an error answer. SDKs try a 429 again at once, unless they are told that it is of no use."""
    headers = {} if error.retry_after is None else {"retry-after": str(max(0, math.ceil(error.retry_after)))}
    if error.details.get("code") == "budget_exhausted":
        headers["x-should-retry"] = "false"
    return headers


def _body_limit(settings: GatewaySettings, dialect: Dialect) -> int:
    """How much of a request is read."""
    endpoints = settings.http.endpoints
    own = {"chat": endpoints.chat_completions.max_body_bytes, "responses": endpoints.responses.max_body_bytes}
    limit = own.get(dialect.operation)
    return settings.max_body_bytes if limit is None else limit


def _check_enabled(settings: GatewaySettings, call: Call, dialect: Dialect) -> None:
    """Raise NOT_FOUND where the endpoint is switched off."""
    endpoints = settings.http.endpoints
    off = {"chat": not endpoints.chat_completions.enabled, "responses": not endpoints.responses.enabled}
    if off.get(dialect.operation):
        values = {"method": call.method, "path": call.path[:200]}
        raise GatewayError(ErrorKind.NOT_FOUND, Text("http.not_found", values), {"code": "not_found"})


class _Conversation:
    """One request and its reply: the reply may have begun (a keep-alive went out) before the model said anything."""

    def __init__(self, call: Call, gate: Gate, dialect: Dialect, take: Take, principal: Principal | None) -> None:
        self._take = take
        self._call = call
        self._gate = gate
        self._dialect = dialect
        self._codec = codecs.get(dialect.protocol)
        self._exchange: Exchange | None = None
        self._principal = principal
        self._turn: Turn | None = None
        self._watch: ClientWatch | None = None
        self._pulse: Pulse | None = None
        self._chunks: AsyncIterator[bytes] | None = None
        self._capture: BodyCapture | None = gate.bodies.begin()

    async def run(self, said: UrlSays) -> None:
        call, gate = self._call, self._gate
        _check_enabled(gate.settings().gateway, call, self._dialect)
        principal = self._principal = self._principal or gate.admit(call, self._dialect.query_key)
        await let_in(principal, gate, self._dialect)
        exchange = self._exchange = new_exchange(call, gate, self._dialect, principal)
        settings = gate.settings().gateway
        raw = await call.body(_body_limit(settings, self._dialect))
        if self._capture is not None:
            self._capture.asked(exchange, raw, call.header(b"content-type"), call.credentials())
        if not self._dialect.form and call.header(b"content-type").startswith("multipart/"):
            raise bad_request("wire.type", "Content-Type", expected="application/json")
        turn = self._turn = make_turn(exchange, principal, call, gate, raw, said)
        self._watch = ClientWatch(call)
        if turn.stream:
            self._pulse = Pulse(settings.keep_alive_seconds, self._ping)
        try:
            await self._send(await self._take(turn), exchange)
        except asyncio.CancelledError:
            if not self._watch.gone:
                raise
            self._watch.forgive()

    async def _send(self, reply: Reply, exchange: Exchange) -> None:
        call, gate, capture = self._call, self._gate, self._capture
        headers = reply_headers(reply, exchange, gate.settings().accounts.label_header)
        if not reply.closes_exchange:
            self._exchange = None
        if reply.chunks is None:
            assert reply.body is not None
            if capture is not None:
                capture.told(reply.body, reply.media_type)
            await call.answer(200, reply.body, reply.media_type, headers)
            return
        self._chunks = reply.chunks
        if capture is not None:
            capture.streams(reply.media_type)
        if not call.started:
            await call.start(200, {"content-type": reply.media_type, **STREAM_HEADERS, **headers})
        pulse = self._pulse
        async for chunk in reply.chunks:
            if pulse is not None:
                pulse.beat()
            if capture is not None:
                capture.heard(chunk)
            await call.more(chunk)
        if pulse is not None:
            pulse.end()
        await call.end()

    async def _ping(self) -> None:
        """A keep-alive in the protocol's own form; begins the reply when the model has not yet said anything."""
        call, turn = self._call, self._turn
        assert turn is not None
        if not call.started:
            await call.start(200, {"content-type": stream_type(turn), **STREAM_HEADERS})
        data = stream_writer(turn).ping()
        if data:
            await call.more(data)

    async def fail(self, error: GatewayError) -> None:
        """Tell the client, in the dialect's words, as an answer or as the end of a stream that has begun."""
        call, capture = self._call, self._capture
        if self._watch is not None:
            self._watch.stop()
        if self._pulse is not None:
            self._pulse.end()
        status, body = self._codec.write_error(error, call.language)
        if self._dialect.operation in _TO_AGENTS:
            body = gateway_words(error, body)
        if self._exchange is not None:
            self._gate.front.ledger.fail(self._exchange, error, status)
        elif self._turn is None:
            exchange = new_exchange(call, self._gate, self._dialect, self._principal or NOBODY)
            self._gate.refusals.record(exchange, error, status)
        if call.started:
            assert self._turn is not None
            data = stream_writer(self._turn).fail(error, call.language)
            if capture is not None:
                capture.heard(data)
            await call.end(data)
            return
        data = orjson.dumps(error_body(body, call.id))
        if capture is not None:
            capture.told(data, "application/json")
        await call.answer(status, data, "application/json", {**error_headers(error), "request-id": call.id})

    def break_down(self) -> None:
        """A fault of ours, which nobody foresaw, ends the request."""
        if self._exchange is not None:
            error = GatewayError(ErrorKind.INTERNAL, Text("http.internal", {"request_id": self._call.id}))
            status = 200 if self._call.started else self._codec.write_error(error)[0]
            self._gate.front.ledger.fail(self._exchange, error, status)

    async def close(self) -> None:
        """Let go of everything the request held; settle what it used."""
        try:
            if self._watch is not None:
                self._watch.stop()
            pulse, self._pulse = self._pulse, None  # it knows this conversation: parted both are freed at once
            if pulse is not None:
                await pulse.stop()
            if isinstance(self._chunks, AsyncGenerator):
                await self._chunks.aclose()
            if self._exchange is not None:
                self._gate.front.ledger.abandon(self._exchange)
        finally:
            if self._capture is not None:
                self._gate.bodies.keep(self._capture)
