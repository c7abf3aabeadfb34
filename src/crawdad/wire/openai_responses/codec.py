"""The codec object: the functions of this folder under the names of `wire.codec.Codec`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crawdad.core.errors import GatewayError
from crawdad.core.events import StreamEvent
from crawdad.core.parts import JsonObject
from crawdad.core.request import ModelRequest
from crawdad.core.response import ModelResponse, unfold
from crawdad.core.text import Language
from crawdad.core.usage import Usage
from crawdad.wire.codec import ReplyContext, WrittenRequest
from crawdad.wire.openai_responses import errors, request_reader, request_writer, response_reader
from crawdad.wire.openai_responses.stream_reader import ResponsesStreamReader
from crawdad.wire.openai_responses.stream_writer import EventWriter, ResponsesStreamWriter
from crawdad.wire.openai_responses.support import NAME, SUPPORT
from crawdad.wire.openai_responses.tap import ResponsesTap, stop_reason
from crawdad.wire.openai_responses.usage import read_usage
from crawdad.wire.profile import DEFAULT, Profile


class ResponsesCodec:
    """See `wire.codec.Codec`."""

    name = NAME
    support = SUPPORT

    def read_request(self, body: JsonObject, *, model: str | None = None, stream: bool | None = None) -> ModelRequest:
        """A client's request. Raises BAD_REQUEST naming the field at fault."""
        return request_reader.read_request(body, model=model, stream=stream)

    def stream_writer(self, context: ReplyContext) -> ResponsesStreamWriter:
        """A writer for one streamed reply."""
        return ResponsesStreamWriter(context)

    def array_writer(self, context: ReplyContext) -> ResponsesStreamWriter:
        """This protocol has one form of stream."""
        return self.stream_writer(context)

    def write_response(self, response: ModelResponse, context: ReplyContext) -> JsonObject:
        """A whole reply: the Response with which the stream of the same events would have ended."""
        writer = EventWriter(context)
        written = [item for event in unfold(response) for item in writer.events_of(event)]
        whole: JsonObject = written[-1]["response"]
        return whole

    def write_error(self, error: GatewayError, language: Language = "en") -> tuple[int, JsonObject]:
        """`(status, body)` for an error before the reply began."""
        return errors.write_error(error, language)

    def write_request(self, request: ModelRequest, profile: Profile) -> WrittenRequest:
        """The request for an upstream. Raises BAD_REQUEST for content that this protocol cannot say."""
        return request_writer.write_request(request, profile)

    def path(self, model: str, stream: bool, profile: Profile = DEFAULT) -> str:
        """The same for every model."""
        return "/responses"

    def stream_reader(self, profile: Profile) -> ResponsesStreamReader:
        """A reader for one streamed answer."""
        return ResponsesStreamReader()

    def read_response(self, body: Any, profile: Profile) -> list[StreamEvent]:
        """A whole answer as events. Raises the vendor's error where the body holds one."""
        return response_reader.read_response(body)

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> GatewayError:
        """An error answer, as an error that keeps the vendor's message, status and body."""
        return errors.read_error(status, headers, body)

    def read_usage(self, body: JsonObject) -> Usage:
        """The usage in a whole answer. Never raises."""
        return read_usage(body)

    def express_request(self, raw: bytes, body: JsonObject, stream: bool, profile: Profile) -> bytes:
        """The client's own bytes: usage always comes."""
        return raw

    def stop_of(self, body: JsonObject) -> str | None:
        """The stop reason of a whole answer."""
        return stop_reason(body) if isinstance(body.get("output"), list) else None

    def tap(self, body: JsonObject) -> ResponsesTap:
        """A tap for one streamed express-lane answer."""
        return ResponsesTap()


CODEC = ResponsesCodec()
