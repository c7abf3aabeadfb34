"""The protocol as a `wire.codec.Codec`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from crawdad.core.errors import GatewayError
from crawdad.core.events import StreamEvent
from crawdad.core.parts import JsonObject
from crawdad.core.request import ModelRequest
from crawdad.core.response import ModelResponse
from crawdad.core.text import Language
from crawdad.core.usage import Usage
from crawdad.wire.codec import ReplyContext, WrittenRequest
from crawdad.wire.edit import contains, insert_first
from crawdad.wire.features import SupportTable
from crawdad.wire.openai_chat import errors, request_reader, request_writer, response
from crawdad.wire.openai_chat.stops import read_stop
from crawdad.wire.openai_chat.stream_reader import ChatStreamReader
from crawdad.wire.openai_chat.stream_writer import ChatStreamWriter
from crawdad.wire.openai_chat.support import NAME, SUPPORT
from crawdad.wire.openai_chat.tap import ChatTap
from crawdad.wire.profile import DEFAULT, Profile


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

    def array_writer(self, context: ReplyContext) -> ChatStreamWriter:
        """This protocol has one form of stream."""
        return self.stream_writer(context)

    def write_response(self, response_: ModelResponse, context: ReplyContext) -> JsonObject:
        """A whole reply."""
        return response.write_response(response_, context)

    def write_error(self, error: GatewayError, language: Language = "en") -> tuple[int, JsonObject]:
        """Status and body of an error before the reply began."""
        return errors.write_error(error, language)

    def write_request(self, request: ModelRequest, profile: Profile) -> WrittenRequest:
        """The request for an upstream."""
        return request_writer.write_request(request, profile)

    def path(self, model: str, stream: bool, profile: Profile = DEFAULT) -> str:
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

    def express_request(self, raw: bytes, body: JsonObject, stream: bool, profile: Profile) -> bytes | None:
        """The client's bytes; streams are asked to tell their usage, which clients often forget and the log needs."""
        if not body.keys().isdisjoint(profile.drop_fields):
            return None
        if profile.max_tokens_field == "max_tokens" and "max_completion_tokens" in body:
            return None
        if not profile.developer_role and contains(raw, b'"developer"'):
            return None
        if not stream or not profile.stream_usage or wants_usage(body):
            return raw
        options = body.get("stream_options")
        if isinstance(options, dict):
            return orjson.dumps({**body, "stream_options": {**options, "include_usage": True}})
        if options is None and "stream_options" in body:
            return orjson.dumps({**body, "stream_options": {"include_usage": True}})
        return insert_first(raw, b'"stream_options":{"include_usage":true}')

    def stop_of(self, body: JsonObject) -> str | None:
        """The stop reason of the first choice of a whole answer; None where a choice tells an error instead (OpenRouter)."""
        found = body.get("choices")
        choices = found if isinstance(found, list) else []
        first = choices[0] if choices else None
        if not isinstance(first, dict) or any(isinstance(choice, dict) and choice.get("error") for choice in choices):
            return None
        message = first.get("message")
        message = message if isinstance(message, dict) else {}
        return read_stop(first, bool(message.get("tool_calls")), refused=bool(message.get("refusal"))).reason

    def tap(self, body: JsonObject) -> ChatTap:
        """A tap for one streamed express-lane answer; usage that only we asked for is kept from the client."""
        return ChatTap(hide_usage=not wants_usage(body), several=body.get("n") not in (None, 1))


def wants_usage(body: JsonObject) -> bool:
    """Whether the client itself asked for a usage chunk."""
    options = body.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True
