"""The codec object: every function of the protocol under the names that `wire.codec.Codec` asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from crawdad.core.errors import GatewayError
from crawdad.core.events import StreamEvent
from crawdad.core.parts import JsonObject
from crawdad.core.request import ModelRequest
from crawdad.core.response import ModelResponse
from crawdad.core.text import Language
from crawdad.core.usage import Usage
from crawdad.wire.anthropic.answer_reader import read_response, usage_of
from crawdad.wire.anthropic.errors import read_error, write_error
from crawdad.wire.anthropic.request_reader import read_request
from crawdad.wire.anthropic.request_writer import write_request
from crawdad.wire.anthropic.response import write_response
from crawdad.wire.anthropic.stops import stop_reason
from crawdad.wire.anthropic.stream_reader import AnthropicStreamReader
from crawdad.wire.anthropic.stream_writer import AnthropicStreamWriter
from crawdad.wire.anthropic.support import NAME, SUPPORT
from crawdad.wire.anthropic.tap import AnthropicTap
from crawdad.wire.codec import ReplyContext, WrittenRequest
from crawdad.wire.edit import replace_member
from crawdad.wire.features import SupportTable
from crawdad.wire.profile import DEFAULT, Profile


class AnthropicCodec:
    """Anthropic Messages, both sides; see `wire.codec.Codec` for what each method promises."""

    name: str = NAME
    support: SupportTable = SUPPORT

    def read_request(self, body: JsonObject, *, model: str | None = None, stream: bool | None = None) -> ModelRequest:
        """A client's request."""
        return read_request(body, model=model, stream=stream)

    def stream_writer(self, context: ReplyContext) -> AnthropicStreamWriter:
        """A writer for one streamed reply."""
        return AnthropicStreamWriter(context)

    def array_writer(self, context: ReplyContext) -> AnthropicStreamWriter:
        """This protocol has one form of stream."""
        return self.stream_writer(context)

    def write_response(self, response: ModelResponse, context: ReplyContext) -> JsonObject:
        """A whole reply."""
        return write_response(response, context)

    def write_error(self, error: GatewayError, language: Language = "en") -> tuple[int, JsonObject]:
        """`(status, body)` of an error reply."""
        return write_error(error, language)

    def write_request(self, request: ModelRequest, profile: Profile) -> WrittenRequest:
        """A request for an upstream."""
        return write_request(request, profile)

    def path(self, model: str, stream: bool, profile: Profile = DEFAULT) -> str:
        """The same path for every model, streamed or not, unless the profile has models in URLs."""
        if not profile.models_path:
            return "/v1/messages"
        return f"{profile.models_path}/{quote(model, safe='@')}:{'streamRawPredict' if stream else 'rawPredict'}"

    def stream_reader(self, profile: Profile) -> AnthropicStreamReader:
        """A reader for one streamed answer."""
        return AnthropicStreamReader()

    def read_response(self, body: Any, profile: Profile) -> list[StreamEvent]:
        """A whole answer as events."""
        return read_response(body)

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> GatewayError:
        """An error answer."""
        return read_error(status, headers, body)

    def read_usage(self, body: JsonObject) -> Usage:
        """The usage in a whole answer."""
        return usage_of(body)

    def express_request(self, raw: bytes, body: JsonObject, stream: bool, profile: Profile) -> bytes:
        """The client's own bytes: usage always comes. Where the model is in the URL, the version takes its place."""
        if not profile.body_version:
            return raw
        return replace_member(raw, body, "model", "anthropic_version", profile.body_version)

    def stop_of(self, body: JsonObject) -> str | None:
        """The stop reason of a whole answer."""
        raw = body.get("stop_reason")
        return None if raw is None else stop_reason(raw)

    def tap(self, body: JsonObject) -> AnthropicTap:
        """A tap for one streamed express-lane answer."""
        return AnthropicTap()


CODEC = AnthropicCodec()
