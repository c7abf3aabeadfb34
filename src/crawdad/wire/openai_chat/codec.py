"""The protocol as a `wire.codec.Codec`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crawdad.core.errors import GatewayError
from crawdad.core.events import StreamEvent
from crawdad.core.parts import JsonObject
from crawdad.core.request import ModelRequest
from crawdad.core.response import ModelResponse
from crawdad.core.text import Language
from crawdad.core.usage import Usage
from crawdad.wire.codec import ReplyContext, WrittenRequest
from crawdad.wire.features import SupportTable
from crawdad.wire.openai_chat import errors, request_reader, request_writer, response
from crawdad.wire.openai_chat.stream_reader import ChatStreamReader
from crawdad.wire.openai_chat.stream_writer import ChatStreamWriter
from crawdad.wire.openai_chat.support import NAME, SUPPORT
from crawdad.wire.openai_chat.tap import ChatTap
from crawdad.wire.profile import Profile


class ChatCodec:
    """OpenAI chat completions, both sides; see `wire.codec.Codec` for what each function promises."""

    name: str = NAME
    support: SupportTable = SUPPORT

    def read_request(self, body: JsonObject, *, model: str | None = None, stream: bool | None = None) -> ModelRequest:
        """A client's request."""
        return request_reader.read_request(body, model=model, stream=stream)

    def stream_writer(self, context: ReplyContext) -> ChatStreamWriter:
        """A writer for one streamed reply."""
        return ChatStreamWriter(context)

    def write_response(self, response_: ModelResponse, context: ReplyContext) -> JsonObject:
        """A whole reply."""
        return response.write_response(response_, context)

    def write_error(self, error: GatewayError, language: Language = "en") -> tuple[int, JsonObject]:
        """Status and body of an error before the reply began."""
        return errors.write_error(error, language)

    def write_request(self, request: ModelRequest, profile: Profile) -> WrittenRequest:
        """The request for an upstream."""
        return request_writer.write_request(request, profile)

    def path(self, model: str, stream: bool) -> str:
        """The path below the provider's base URL."""
        return "/chat/completions"

    def stream_reader(self, profile: Profile) -> ChatStreamReader:
        """A reader for one streamed answer."""
        return ChatStreamReader()

    def read_response(self, body: Any, profile: Profile) -> list[StreamEvent]:
        """A whole answer as events."""
        return response.read_response(body)

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> GatewayError:
        """An error answer."""
        return errors.read_error(status, headers, body)

    def read_usage(self, body: JsonObject) -> Usage:
        """The usage in a whole answer."""
        return response.read_usage(body)

    def tap(self) -> ChatTap:
        """A tap for one streamed express-lane answer."""
        return ChatTap()
