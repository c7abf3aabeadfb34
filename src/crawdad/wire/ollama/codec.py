"""The Ollama codec: the side that we speak to upstreams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.events import StreamEvent
from crawdad.core.parts import JsonObject
from crawdad.core.request import ModelRequest
from crawdad.core.response import ModelResponse
from crawdad.core.text import Language, Text
from crawdad.core.usage import Usage
from crawdad.wire.codec import ReplyContext, StreamWriter, Tap, WrittenRequest
from crawdad.wire.features import SupportTable
from crawdad.wire.ollama import answer_reader, errors, request_writer
from crawdad.wire.ollama.support import NAME, SUPPORT
from crawdad.wire.profile import DEFAULT, Profile


def _upstream_only() -> GatewayError:
    return GatewayError(ErrorKind.INTERNAL, Text("wire.upstream_only", {"protocol": NAME}))


class OllamaCodec:
    """See `crawdad.wire.codec.Codec`. What serves clients raises INTERNAL: nobody speaks this protocol to us."""

    name = NAME
    support: SupportTable = SUPPORT

    def read_request(self, body: JsonObject, *, model: str | None = None, stream: bool | None = None) -> ModelRequest:
        """Not offered."""
        raise _upstream_only()

    def stream_writer(self, context: ReplyContext) -> StreamWriter:
        """Not offered."""
        raise _upstream_only()

    def write_response(self, response: ModelResponse, context: ReplyContext) -> JsonObject:
        """Not offered."""
        raise _upstream_only()

    def write_error(self, error: GatewayError, language: Language = "en") -> tuple[int, JsonObject]:
        """Not offered."""
        raise _upstream_only()

    def array_writer(self, context: ReplyContext) -> StreamWriter:
        """Not offered."""
        raise _upstream_only()

    def express_request(self, raw: bytes, body: JsonObject, stream: bool, profile: Profile) -> bytes | None:
        """There is no express lane without clients."""
        return None

    def stop_of(self, body: JsonObject) -> str | None:
        """Not offered."""
        raise _upstream_only()

    def tap(self, body: JsonObject) -> Tap:
        """Not offered."""
        raise _upstream_only()

    def write_request(self, request: ModelRequest, profile: Profile) -> WrittenRequest:
        """The body for an upstream."""
        return request_writer.write_request(request, profile)

    def path(self, model: str, stream: bool, profile: Profile = DEFAULT) -> str:
        """The path below the server's address; model and streaming are said in the body."""
        return "/api/chat"

    def stream_reader(self, profile: Profile) -> answer_reader.OllamaStreamReader:
        """A reader for one streamed answer."""
        return answer_reader.OllamaStreamReader()

    def read_response(self, body: Any, profile: Profile) -> list[StreamEvent]:
        """A whole answer as events."""
        return answer_reader.read_response(body)

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> GatewayError:
        """An error answer."""
        return errors.read_error(status, headers, body)

    def read_usage(self, body: JsonObject) -> Usage:
        """The usage in a whole answer."""
        return answer_reader.read_usage(body)
