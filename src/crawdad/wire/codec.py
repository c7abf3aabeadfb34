"""What every AI protocol offers: the side clients speak to us, and the side we speak to upstreams."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from crawdad.core.errors import GatewayError
from crawdad.core.events import StreamEvent
from crawdad.core.parts import JsonObject
from crawdad.core.request import ModelRequest
from crawdad.core.response import ModelResponse
from crawdad.core.text import Language
from crawdad.core.usage import Usage
from crawdad.wire.features import SupportTable
from crawdad.wire.profile import DEFAULT, Profile


@dataclass(frozen=True, slots=True)
class ReplyContext:
    """What a writer needs to know about the reply besides its events.

    `model` is the name the client asked for. `reply_id` is unique and has only letters and digits; writers derive every
    id from it (`msg_<reply_id>`, `call_<reply_id>_<index>`), so nothing random is needed. `created` is in Unix seconds.
    `request` is the client's request where the protocol echoes parts of it (Responses) or switches on it (chat's
    include_usage). `now` tells the time in Unix seconds, for protocols that say when the reply was complete; without it a
    reply takes no time.
    """

    model: str
    reply_id: str
    created: int
    request: ModelRequest
    now: Callable[[], float] | None = None
    by_agent: bool = False
    """An agent answers: some words are spelled as the gateway's contract has them."""

    @property
    def moment(self) -> int:
        """The time of asking, in whole Unix seconds; never before `created`."""
        return self.created if self.now is None else max(self.created, int(self.now()))


@dataclass(slots=True)
class WrittenRequest:
    """A request as an upstream wants it: JSON body, extra headers, and notes on what was dropped or approximated."""

    body: JsonObject
    headers: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


class StreamReader(Protocol):
    """Turns an upstream's bytes into events. Any cut of the bytes gives the same events (text deltas may be split alike)."""

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        """The events that `chunk` completes. Raises `GatewayError` for error events and unreadable input."""

    def close(self) -> list[StreamEvent]:
        """End of input: the last events. Raises UPSTREAM_BROKEN when the answer was not finished."""


class StreamWriter(Protocol):
    """Turns events into bytes for the client."""

    def send(self, event: StreamEvent) -> bytes:
        """The bytes that tell `event` (may be empty)."""

    def fail(self, error: GatewayError, language: Language = "en") -> bytes:
        """The bytes that end the stream with the protocol's own error event."""

    def ping(self) -> bytes:
        """The protocol's own keep-alive while the model is silent."""


class Tap(Protocol):
    """Watches an express-lane stream: the bytes go to the client as they are, the tap learns usage and how it ended."""

    usage: Usage
    model: str | None
    stop: str | None
    finished: bool
    """Whether the answer is complete: the stream may end here."""
    closed: bool
    """Whether the protocol's very last event was seen: nothing more will come, the client has then heard everything."""

    failed: bool
    """Whether the upstream itself ended the stream with an error event (the client has heard of it)."""

    def feed(self, event: bytes) -> bool:
        """Look at one raw SSE event; whether it goes on to the client (False for usage that only we asked for)."""


class Codec(Protocol):
    """One AI protocol, both sides. All functions are pure and raise nothing but `GatewayError`."""

    name: str
    support: SupportTable
    """What becomes of each feature when a request is written in this protocol."""

    # The side that clients speak to us.

    def read_request(self, body: JsonObject, *, model: str | None = None, stream: bool | None = None) -> ModelRequest:
        """A client's request. `model` and `stream` are given by protocols that say them in the URL. Raises BAD_REQUEST."""

    def stream_writer(self, context: ReplyContext) -> StreamWriter:
        """A writer for one streamed reply."""

    def array_writer(self, context: ReplyContext) -> StreamWriter:
        """A writer for the reply as one JSON array that grows (Gemini without `alt=sse`); others give the plain one."""

    def write_response(self, response: ModelResponse, context: ReplyContext) -> JsonObject:
        """A whole reply."""

    def write_error(self, error: GatewayError, language: Language = "en") -> tuple[int, JsonObject]:
        """`(status, body)` for an error before the reply began."""

    # The side that we speak to upstreams.

    def write_request(self, request: ModelRequest, profile: Profile) -> WrittenRequest:
        """The request for an upstream; `request.model` is already the upstream's own name. Raises BAD_REQUEST for content
        that this protocol cannot say."""

    def path(self, model: str, stream: bool, profile: Profile = DEFAULT) -> str:
        """Path and query below the provider's base URL, such as `/chat/completions`."""

    def stream_reader(self, profile: Profile) -> StreamReader:
        """A reader for one streamed answer."""

    def read_response(self, body: Any, profile: Profile) -> list[StreamEvent]:
        """A whole answer (parsed JSON) as events; `core.response.fold` makes a `ModelResponse` of them."""

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> GatewayError:
        """An error answer; the vendor's message, status and body are kept in the error. Header names are lower-case."""

    def express_request(self, raw: bytes, body: JsonObject, stream: bool, profile: Profile) -> bytes | None:
        """The client's own bytes as they go up the express lane: `raw` itself, unless usage must be asked for.

        None where this upstream would refuse them as they are: the request is then written anew.
        """

    def read_usage(self, body: JsonObject) -> Usage:
        """The usage in a whole answer that travels on the express lane. Never raises."""

    def stop_of(self, body: JsonObject) -> str | None:
        """The stop reason in a whole express-lane answer, as a `StopReason`. Never raises."""

    def tap(self, body: JsonObject) -> Tap:
        """A tap for one streamed express-lane answer to the client's request `body`."""
