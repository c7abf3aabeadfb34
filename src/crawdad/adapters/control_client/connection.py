"""A connection to a control channel. It blocks: the command line has nothing else to do, and Ctrl-C must reach it at once."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI, WebSocketException
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as open_socket

from crawdad.adapters.control_client.identity import DeviceIdentity
from crawdad.core.parts import JsonObject
from crawdad.wire.control.client import Answer, Event, Introduction, read_frame, write_request
from crawdad.wire.control.limits import MAX_BUFFERED

OPEN_SECONDS = 10.0
ANSWER_SECONDS = 60.0
_HERE = frozenset(("localhost", "127.0.0.1", "::1"))
_MOST_EVENTS = 4096
"""How many events may wait for somebody to look at them; the oldest go first."""


class Unreachable(Exception):
    """Nobody speaks the protocol at that address; the message says why."""


class Refused(Exception):
    """The gateway does not do what it was asked: `error` is its word for it (`code`, `message`, `details`)."""

    def __init__(self, error: JsonObject) -> None:
        super().__init__(str(error.get("message", "")))
        self.error = error

    @property
    def code(self) -> str:
        """The finest word for what went wrong."""
        details = self.error.get("details")
        fine = details.get("code") if isinstance(details, dict) else None
        return str(fine or self.error.get("code") or "")


class ChannelLost(Exception):
    """The connection ended; the message says why, where the gateway said so."""


class Connection:
    """A connection that has been let in. `hello` is the gateway's welcome."""

    def __init__(self, socket: ClientConnection) -> None:
        self.hello: JsonObject = {}
        self._socket = socket
        self._events: deque[Event] = deque(maxlen=_MOST_EVENTS)
        self._count = 0

    def offers(self, method: str) -> bool:
        """Whether the gateway lists the method."""
        return method in self.hello.get("features", {}).get("methods", ())

    def call(self, method: str, params: JsonObject | None = None, seconds: float = ANSWER_SECONDS) -> Any:
        """The payload of the answer. Raises `Refused`, `ChannelLost`."""
        return self._payload(self.send(method, params), seconds)

    def send(self, method: str, params: JsonObject | None = None) -> str:
        """Ask for something: the request's id, by which `next` tells the answer. Raises `ChannelLost`."""
        self._count += 1
        own = f"c{self._count}"
        try:
            self._socket.send(write_request(own, method, params or {}))
        except ConnectionClosed as closed:
            raise _lost(closed) from closed
        return own

    def next(self, seconds: float | None) -> Event | Answer | None:
        """What came first and nobody has seen yet; None after `seconds` (None: wait for ever). Raises `ChannelLost`."""
        return self._events.popleft() if self._events else self._receive(seconds)

    def first_event(self, name: str, seconds: float) -> Event | None:
        """The first event of that name, before the welcome too."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            found = self._receive(left)
            if isinstance(found, Event) and found.name == name:
                return found
        return None

    def _payload(self, request_id: str, seconds: float) -> Any:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            found = self._receive(left)
            if isinstance(found, Event):
                self._events.append(found)
            elif isinstance(found, Answer) and found.id == request_id:
                if not found.good:
                    raise Refused(found.error)
                return found.payload
        raise ChannelLost(f"no answer within {seconds:g} s")

    def _receive(self, seconds: float | None) -> Event | Answer | None:
        """The next frame that is one. None when the time is over."""
        until = None if seconds is None else time.monotonic() + seconds
        while True:
            try:
                data = self._socket.recv(None if until is None else max(0.0, until - time.monotonic()))
            except TimeoutError:
                return None
            except ConnectionClosed as closed:
                raise _lost(closed) from closed
            if (frame := read_frame(data)) is not None:
                return frame


@contextmanager
def connect(url: str, device: DeviceIdentity, introduction: Introduction) -> Iterator[Connection]:
    """A connection to the gateway at `url` (ws or wss). Raises `Unreachable`, and `Refused` where it is not let in."""
    try:
        # A proxy cannot lead to this machine itself, whatever the environment says.
        proxy: Literal[True] | None = None if urlsplit(url).hostname in _HERE else True
        socket = open_socket(
            url,
            open_timeout=OPEN_SECONDS,
            close_timeout=2.0,
            max_size=MAX_BUFFERED,
            max_queue=1024,
            compression=None,
            proxy=proxy,
        )
    except (OSError, InvalidHandshake, InvalidURI, WebSocketException, ValueError) as error:
        raise Unreachable(str(error) or type(error).__name__) from error
    with socket:
        connection = Connection(socket)
        try:
            challenge = connection.first_event("connect.challenge", OPEN_SECONDS)
            if challenge is None:
                raise Unreachable("no connect.challenge")
            params = device.connect(introduction, str(challenge.payload.get("nonce", "")))
            connection.hello = connection.call("connect", params, OPEN_SECONDS)
        except ChannelLost as lost:
            raise Unreachable(str(lost)) from lost
        yield connection


def _lost(closed: ConnectionClosed) -> ChannelLost:
    if closed.rcvd is None:
        return ChannelLost("connection closed")
    return ChannelLost(f"{closed.rcvd.code} {closed.rcvd.reason}".strip())
