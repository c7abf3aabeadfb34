"""The WebSocket itself: handshake, welcome, requests one beside the other, and the end."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress

import orjson
import structlog

from crawdad.api.addresses import is_loopback
from crawdad.api.call import Receive, Scope, Send
from crawdad.api.control.connection import Connection, Peer
from crawdad.api.control.context import Control
from crawdad.api.control.handshake import Handshake, Refusal
from crawdad.api.control.hello import hello
from crawdad.api.control.node_shapes import live_node
from crawdad.api.control.registry import Asked, Failed, Method, Registry, check
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text, preferred_language
from crawdad.services.tasks import Tasks
from crawdad.wire.control import errors, frames
from crawdad.wire.control.connect import CONTROL_UI
from crawdad.wire.control.limits import (
    FIRST_FRAME_BYTES,
    HANDSHAKE_SECONDS,
    MAX_PAYLOAD,
    NORMAL,
    POLICY,
    TOO_BIG,
    close_reason,
)
from crawdad.wire.control.scopes import ADMIN, NODE, PAIRING, READ, holds

_log = structlog.get_logger(__name__)

MOST_STRANGERS = 512
MOST_STRANGERS_OF_ADDRESS = 32
MOST_CLIENTS = 4096
_AT_ONCE = 32
_MOST_WAITING = 512
_MOST_WAITING_BYTES = 64 * 1024 * 1024
"""Of one client: requests that are answered when something else has happened, and what they take together."""
_UNAUTHORIZED_IN_A_ROW = 10
_CLOSE_SECONDS = 5.0
_PROXY_HEADERS = frozenset(
    (b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip", b"forwarded", b"cf-connecting-ip")
)
_LOCAL_NAMES = frozenset(("localhost", "127.0.0.1", "::1"))


class ControlSocket:
    """The WebSocket handler on `/`."""

    def __init__(self, control: Control, registry: Registry) -> None:
        self._control = control
        self._registry = registry
        self._handshake = Handshake(control.admission, control.clock)
        self._strangers: Counter[str] = Counter()
        self._clients = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        peer = peer_of(scope)
        await receive()  # websocket.connect
        if not self._has_room(peer):
            await _turn_away(scope, send)
            return
        limit = scope.get("crawdad.limit", lambda _: None)
        await send({"type": "websocket.accept"})
        connection = Connection(
            self._control.randomness.new_id(), peer, send, write_now=scope.get("crawdad.write", lambda _: False)
        )
        self._strangers[peer.address] += 1
        try:
            request_id = await self._shake_hands(connection, receive, send)
        finally:
            self._strangers[peer.address] -= 1
            if not self._strangers[peer.address]:
                del self._strangers[peer.address]
        if request_id is None:
            return
        locale, configured = connection.connect.locale, self._control.settings().language
        connection.language = preferred_language(locale) if locale else "zh" if configured == "zh" else "en"
        limit(MAX_PAYLOAD)
        self._clients += 1
        try:
            await self._serve(connection, request_id, receive, scope)
        finally:
            self._clients -= 1

    def _has_room(self, peer: Peer) -> bool:
        if self._clients >= MOST_CLIENTS or self._strangers.total() >= MOST_STRANGERS:
            return False
        return is_loopback(peer.address) or self._strangers[peer.address] < MOST_STRANGERS_OF_ADDRESS

    async def _shake_hands(self, connection: Connection, receive: Receive, send: Send) -> str | None:
        """The id of the connect request, once the client has come in."""
        try:
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                nonce = self._control.randomness.new_id()
                challenge = {"nonce": nonce, "ts": int(self._control.clock.now() * 1000)}
                await send(_text(frames.event("connect.challenge", challenge)))
                message = await receive()
                if message["type"] == "websocket.disconnect":
                    return None
                data = _data(message)
                frame = frames.read_request(data) if len(data) <= FIRST_FRAME_BYTES else None
                outcome = await self._handshake.judge(connection, frame, nonce)
        except TimeoutError:
            outcome = Refusal(NORMAL, "")
        if isinstance(outcome, str):
            return outcome
        if outcome.error is not None:
            await send(_text(frames.failure(outcome.request_id, outcome.error)))
            _log.info("control_refused", address=connection.peer.address, reason=outcome.reason)
        await send({"type": "websocket.close", "code": outcome.code, "reason": close_reason(outcome.reason)})
        return None

    async def _serve(self, connection: Connection, request_id: str, receive: Receive, scope: Scope) -> None:
        control, hub = self._control, self._control.news.hub
        async with Tasks(_AT_ONCE + _MOST_WAITING + 2) as tasks:
            writer = tasks.start(connection.write(), "control writer")
            try:
                await self._note_presence(connection, "connect")
                connection.offer(frames.response(request_id, await hello(control, self._registry, connection)))
                hub.join(connection)
                if connection.admitted.role == NODE:
                    await self._node_comes(connection)
                elif _is_owners_console(connection):
                    with suppress(GatewayError):  # without a database the console is served all the same
                        await control.owners_language.note(connection.language)
                if holds(connection.admitted.scopes, READ):
                    await control.news.health_changed(connection)
                reader = tasks.start(
                    _Reader(self._registry, control, connection, tasks).read(receive), "control reader"
                )
                await asyncio.wait({writer, reader}, return_when=asyncio.FIRST_COMPLETED)
                if connection.closing:
                    await self._finish(writer, scope)
            finally:
                hub.leave(connection)
                if connection.admitted.role == NODE:
                    await self._node_goes(connection)
                await self._note_presence(connection, "disconnect")

    async def _finish(self, writer: asyncio.Task[None], scope: Scope) -> None:
        """Give a client that was told to go time to hear it; then cut the connection."""
        await asyncio.wait({writer}, timeout=_CLOSE_SECONDS)
        if not writer.done():
            scope.get("crawdad.abort", lambda: None)()

    async def _node_comes(self, connection: Connection) -> None:
        control = self._control
        with suppress(GatewayError):  # as for presence: the bus is not what the connection hangs on
            await control.nodes.join(live_node(connection, control.process, control.clock.now()))
            connection.offer(frames.event("voicewake.changed", {"triggers": await control.wake_words.get()}))

    async def _node_goes(self, connection: Connection) -> None:
        with suppress(GatewayError):
            await self._control.nodes.leave(connection.id)

    async def _note_presence(self, connection: Connection, reason: str) -> None:
        connect, admitted = connection.connect, connection.admitted
        if connect.mode == "cli":
            return  # a command comes and goes
        name = connect.said("displayName") or connect.client_id
        entry = {
            "host": name,
            "ip": "" if connection.peer.local else connection.peer.address,
            "version": connect.said("version"),
            "platform": connect.said("platform"),
            "deviceFamily": connect.said("deviceFamily"),
            "modelIdentifier": connect.said("modelIdentifier"),
            "mode": connect.mode,
            "deviceId": admitted.device_id,
            "roles": [admitted.role],
            "scopes": list(admitted.scopes),
            "instanceId": admitted.device_id or connect.said("instanceId"),
            "reason": reason,
            "text": f"Node: {name} · mode {connect.mode}",
        }
        with suppress(GatewayError):  # who hears of it is the bus's affair; the connection does not hang on it
            await self._control.presence.put(connection.presence_key, entry)


_TARGETS = (
    *("id", "key", "sessionKey", "agentId", "deviceId", "nodeId", "requestId", "pluginId", "skillKey", "channel"),
    *("name", "slug"),
)
"""The params that say what a method is about."""


def _is_owners_console(connection: Connection) -> bool:
    """Whether somebody who may do everything here has the console open, and has said in which language."""
    connect = connection.connect
    return connect.client_id == CONTROL_UI and bool(connect.locale) and holds(connection.admitted.scopes, ADMIN)


class _Reader:
    """Reads requests and has them answered, many at once; reads no further while as many run as may. Those that wait for
    something do not count: what they wait for may be the next request."""

    def __init__(self, registry: Registry, control: Control, connection: Connection, tasks: Tasks) -> None:
        self._registry = registry
        self._control = control
        self._connection = connection
        self._tasks = tasks
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0
        self._waiting_bytes = 0
        self._unauthorized = 0

    async def read(self, receive: Receive) -> None:
        """Until the client goes, or is told to."""
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return
            if not self._control.news.hub.may_stay(self._connection):
                continue  # the writer says good-bye, and the disconnect follows
            data = _data(message)
            if len(data) > MAX_PAYLOAD:
                self._connection.abandon(TOO_BIG, "")
                continue
            frame = frames.read_request(data)
            if frame is None:
                continue
            if isinstance(frame, frames.BadFrame):
                error = errors.error(errors.INVALID_REQUEST, f"invalid request frame: {frame.problems}")
                self._connection.offer(frames.failure(frame.id, error))
                continue
            if not self._registry.waits(frame.method):
                await self._room.acquire()
                self._tasks.start(self._answer(frame), "control request")
            elif self._waiting < _MOST_WAITING and self._waiting_bytes + len(data) <= _MOST_WAITING_BYTES:
                self._waiting += 1
                self._waiting_bytes += len(data)
                self._tasks.start(self._wait(frame, len(data)), "control request")
            else:
                full = GatewayError(ErrorKind.UNAVAILABLE, Text("control.many_wait"))
                error = errors.error_of(full, self._connection.language)
                self._connection.offer(frames.failure(frame.id, error))

    async def _answer(self, frame: frames.Request) -> None:
        try:
            self._connection.offer(await self._outcome(frame))
        finally:
            self._room.release()

    async def _wait(self, frame: frames.Request, size: int) -> None:
        try:
            self._connection.offer(await self._outcome(frame))
        finally:
            self._waiting -= 1
            self._waiting_bytes -= size

    def _audit(self, method: Method, frame: frames.Request) -> None:
        """Who did it, to what; the rest of the params may hold secrets."""
        if method.scope in (ADMIN, PAIRING):
            admitted = self._connection.admitted
            params = frame.params if isinstance(frame.params, dict) else {}
            target = next((params[name] for name in _TARGETS if isinstance(params.get(name), str)), "")
            who = {"by": admitted.principal.id, "device": admitted.device_id, "address": self._connection.peer.address}
            _log.info("control_done", method=method.name, target=target[:200], **who)

    async def _outcome(self, frame: frames.Request) -> bytes:
        method = self._registry.admit(frame.method, self._connection)
        if isinstance(method, dict):
            self._count(method)
            return frames.failure(frame.id, method)
        self._unauthorized = 0
        error = check(method, frame.params)
        if error is not None:
            return frames.failure(frame.id, error)
        try:
            payload = await method.handler(Asked(frame.id, frame.params, self._connection))
            self._audit(method, frame)
            await asyncio.sleep(0)  # whoever listens tells first what the request has caused
            return frames.response(frame.id, payload)
        except GatewayError as fault:
            return frames.failure(frame.id, errors.error_of(fault, self._connection.language))
        except Failed as failed:
            return frames.failure(frame.id, failed.error, failed.payload)
        except Exception:  # the request is an edge: a fault of ours must not take the connection down
            _log.exception("control_request_failed", method=frame.method, request_id=frame.id[:64])
            ours = GatewayError(ErrorKind.INTERNAL, Text("http.internal", {"request_id": frame.id[:64]}))
            return frames.failure(frame.id, errors.error_of(ours, self._connection.language))

    def _count(self, error: dict[str, object]) -> None:
        """A client that goes on calling what its role may not is a broken one."""
        wrong_role = str(error["message"]).startswith("unauthorized role:")
        self._unauthorized = self._unauthorized + 1 if wrong_role else 0
        if self._unauthorized > _UNAUTHORIZED_IN_A_ROW:
            self._connection.close(POLICY, "repeated unauthorized calls")


def peer_of(scope: Scope) -> Peer:
    """Where a connection comes from."""
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    address = scope["client"][0] if scope.get("client") else ""
    host = headers.get(b"host", "")
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0].lower()
    visitor = scope.get("crawdad.visitor")
    proxied = visitor is not None or any(each in headers for each in _PROXY_HEADERS)
    local = is_loopback(address) and name in _LOCAL_NAMES and not proxied
    return Peer(
        address,
        host,
        headers.get(b"origin", ""),
        local,
        bool(scope.get("crawdad.foreign")),
        visitor,
        scope.get("crawdad.signed_in"),
    )


async def _turn_away(scope: Scope, send: Send) -> None:
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": POLICY, "reason": ""})
        return
    headers = [(b"content-type", b"application/json"), (b"retry-after", b"2")]
    body = {"error": {"message": Text("control.full").render(), "type": "overloaded"}}
    await send({"type": "websocket.http.response.start", "status": 503, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": orjson.dumps(body)})


def _data(message: Scope) -> bytes:
    data = message.get("bytes")
    return bytes(data) if data is not None else str(message.get("text") or "").encode("utf-8", "surrogatepass")


def _text(encoded: bytes) -> Scope:
    return {"type": "websocket.send", "text": encoded.decode()}
