"""The WebSocket form: `GET /responses` upgraded, as Codex and the vendor's SDK use it.

The client sends one JSON text frame a turn, `{"type": "response.create", …}` with the fields of a request body beside the
type. The server answers with the event objects of `EventWriter.events_of`, one JSON text frame each. The vendor's SDK is
the reference (`responses_client_event`, `responses_server_event`).
"""

from __future__ import annotations

from dataclasses import dataclass

from crawdad.core.errors import GatewayError, bad_request
from crawdad.core.parts import JsonObject
from crawdad.core.text import Language
from crawdad.wire.fields import check_request_depth, get_bool, get_string, parse_object, rest
from crawdad.wire.openai_responses.errors import write_error

CREATE = "response.create"
_FRAME_FIELDS = frozenset({"type", "stream_id", "generate"})


@dataclass(frozen=True, slots=True)
class ClientFrame:
    """A turn that a client asks for.

    `body` is the request's, always streamed. `stream_id`, where there is one, must come back in every frame of the
    answer. Without `generate` the client only prepares the turn: it wants a Response with no output.
    """

    body: JsonObject
    stream_id: str | None = None
    generate: bool = True


def read_frame(frame: bytes) -> ClientFrame:
    """A client's frame. Raises BAD_REQUEST for any but `response.create`."""
    source = parse_object(frame)
    check_request_depth(source)  # what only prepares a turn is told back, and read by nobody else
    kind = get_string(source, "type")
    if kind != CREATE:
        raise bad_request("wire.value", "type", value=kind)
    body = {**rest(source, _FRAME_FIELDS), "stream": True}
    return ClientFrame(body, get_string(source, "stream_id"), get_bool(source, "generate") is not False)


def error_frame(error: GatewayError, language: Language = "en") -> JsonObject:
    """The frame for an error before the answer began. Unlike the SSE event it holds the whole error body."""
    status, body = write_error(error, language)
    return {"type": "error", "status": status, "error": body["error"]}
