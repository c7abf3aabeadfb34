"""`/v1/responses` as a WebSocket, the way current Codex uses it: one turn after another over one connection.

A response that was not stored (`store: false`) can still be gone on from over the same connection, for as long as it lasts.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from contextlib import aclosing, suppress

import orjson

from crawdad.api.call import Call, Receive, Scope, Send
from crawdad.api.feature_headers import session_headers
from crawdad.api.front_door import not_found
from crawdad.api.gateway.headers import gateway_headers
from crawdad.api.speaking import Dialect, Gate, admit, new_exchange, usable_model_name
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text
from crawdad.services.bodies import BodyCapture
from crawdad.services.responses.service import Responses
from crawdad.services.turns.turn import Turn
from crawdad.wire import codecs
from crawdad.wire.openai_responses import (
    ClientFrame,
    EventWriter,
    error_frame,
    failed_instead,
    read_frame,
    response_object,
)

SOCKET = Dialect("openai-responses", "responses_socket", "openai")
_QUEUE = 16
_REMEMBERED = 32


class ResponsesSocket:
    """The WebSocket handler, bound to a gate and the stored responses."""

    def __init__(self, gate: Gate, responses: Responses) -> None:
        self._gate = gate
        self._responses = responses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        call = Call({**scope, "method": "GET"}, receive, send, self._gate.randomness.new_id())
        await receive()  # websocket.connect
        try:
            if not self._gate.settings().gateway.http.endpoints.responses.enabled:
                raise not_found(call)
            self._gate.switch.check()
            self._gate.admit(call)
        except GatewayError as error:
            await _refuse(scope, send, error)
            return
        scope.get("crawdad.limit", lambda _: None)(self._gate.settings().gateway.max_body_bytes)
        await send({"type": "websocket.accept"})
        await _Connection(self._gate, self._responses, call, receive, send).serve()


async def _refuse(scope: Scope, send: Send, error: GatewayError) -> None:
    status, body = codecs.get(SOCKET.protocol).write_error(error)
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008, "reason": error.message()[:120]})
        return
    headers = [(b"content-type", b"application/json")]
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": orjson.dumps(body)})


class _Connection:
    """Frames in, turns one at a time, frames out."""

    def __init__(self, gate: Gate, responses: Responses, call: Call, receive: Receive, send: Send) -> None:
        self._gate = gate
        self._responses = responses
        self._call = call
        self._receive = receive
        self._send = send
        self._frames: asyncio.Queue[bytes | None] = asyncio.Queue(_QUEUE)
        self._memory: OrderedDict[str, tuple[JsonObject, JsonObject]] = OrderedDict()
        self._capture: BodyCapture | None = None

    async def serve(self) -> None:
        """Until the client leaves; a turn that runs then is cancelled."""
        turns = asyncio.get_running_loop().create_task(self._turns())
        reader = asyncio.get_running_loop().create_task(self._read())
        try:
            await asyncio.wait({turns, reader}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (turns, reader):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def _read(self) -> None:
        limit = self._gate.settings().gateway.max_body_bytes
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                return
            data = message.get("bytes") or (message.get("text") or "").encode()
            if len(data) > limit:
                await self._send({"type": "websocket.close", "code": 1009, "reason": ""})
                return
            await self._frames.put(data)

    async def _turns(self) -> None:
        while True:
            data = await self._frames.get()
            assert data is not None
            stream_id = None
            try:
                frame = read_frame(data)
                stream_id = frame.stream_id
                await self._turn(frame, data)
            except GatewayError as error:
                await self._say(error_frame(error, self._call.language), stream_id)

    async def _turn(self, frame: ClientFrame, data: bytes) -> None:
        gate, body = self._gate, frame.body
        gate.switch.check()
        principal = await admit(self._call, gate, SOCKET)
        self._call.id = gate.randomness.new_id()
        exchange = new_exchange(self._call, gate, SOCKET, principal)
        exchange.stream = True
        exchange.request_bytes = len(data)
        exchange.model_requested = name = usable_model_name(body.get("model"))
        turn = Turn(exchange, principal, codecs.get(SOCKET.protocol), name, True, body, b"", gate.clock.now)
        turn.headers = session_headers(self._call)
        turn.gateway_headers = gateway_headers(self._call)
        turn.headers.pop("openai-beta", None)  # it names this transport, which the upstream is not spoken to in
        turn.language = self._call.language
        capture = self._capture = gate.bodies.begin()
        if capture is not None:
            capture.asked(exchange, data, "application/json", self._call.credentials())
        try:
            if body.get("background"):
                raise bad_request("wire.value", "background", value="true")
            stored = await self._responses.prepare(turn, lambda link: self._earlier(link, turn))
            if stored:
                self._responses.promise(turn)
            await self._speak(turn, frame, stored)
        except GatewayError as error:
            status, told = turn.codec.write_error(error)
            gate.front.ledger.fail(exchange, error, status)
            if capture is not None:
                capture.answered_with(told)
            raise
        finally:
            gate.front.ledger.abandon(exchange)
            if capture is not None:
                gate.bodies.keep(capture)

    async def _speak(self, turn: Turn, frame: ClientFrame, stored: bool) -> None:
        if not frame.generate:
            await self._say_prepared(turn, frame, stored)
            return
        writer: EventWriter | None = None
        try:
            async with aclosing(await self._gate.front.events(turn)) as batches:
                writer = EventWriter(turn.context)  # what the answer is called is known now
                async for batch in batches:
                    for event in batch:
                        for said in writer.events_of(event):
                            told = await self._remember(turn, frame, said, stored)
                            await self._say(told, frame.stream_id)
            if turn.exchange.outcome == "open":
                raise GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("upstream.cut_short"))
            self._gate.front.ledger.settle(turn.exchange)
        except GatewayError as error:
            failed = [] if writer is None else writer.fail_events(error, self._call.language)
            if not failed or failed[0]["type"] == "error":
                raise  # nothing was said yet: the whole error body tells more
            self._gate.front.ledger.fail(turn.exchange, error, 200)
            if self._capture is not None:
                self._capture.answered_with(failed)
            for said in failed:
                await self._say(said, frame.stream_id)

    async def _say_prepared(self, turn: Turn, frame: ClientFrame, stored: bool) -> None:
        """The client only prepares the next turn: it gets a finished response without output."""
        response = response_object(turn.context, "completed", completed_at=turn.context.moment)
        created = {**response, "status": "in_progress", "completed_at": None}
        self._gate.front.ledger.prepared(turn.exchange)
        for number, (kind, told) in enumerate((("response.created", created), ("response.completed", response))):
            event = {"type": kind, "response": told, "sequence_number": number}
            await self._say(await self._remember(turn, frame, event, stored), frame.stream_id)

    async def _remember(self, turn: Turn, frame: ClientFrame, event: JsonObject, stored: bool) -> JsonObject:
        """Keep what an event ends, if it does. Returns what the client is told: the event, or that keeping it failed."""
        if event["type"] not in ("response.completed", "response.incomplete"):
            return event
        response = event["response"]
        if self._capture is not None:
            self._capture.answered_with(response)
        if not stored:
            self._memory[response["id"]] = (frame.body, response)
            if len(self._memory) > _REMEMBERED:
                self._memory.popitem(last=False)
            return event
        try:
            await self._responses.keep(turn, frame.body, response)
        except GatewayError as error:
            self._gate.front.ledger.fail(turn.exchange, error, 200)
            return failed_instead(event, error, self._call.language)
        return event

    async def _earlier(self, link: str, turn: Turn) -> tuple[JsonObject, JsonObject] | None:
        return self._memory.get(link) or await self._responses.earlier(link, turn.principal)

    async def _say(self, event: JsonObject, stream_id: str | None) -> None:
        if stream_id is not None:
            event = {**event, "stream_id": stream_id}
        await self._send({"type": "websocket.send", "text": orjson.dumps(event).decode()})
