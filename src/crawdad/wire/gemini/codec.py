"""The Gemini codec: the functions of this folder under the names every protocol has."""

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
from crawdad.wire.codec import ReplyContext, WrittenRequest
from crawdad.wire.features import SupportTable
from crawdad.wire.gemini import errors, request_reader, request_writer
from crawdad.wire.gemini.framing import ArrayFraming, SseFraming
from crawdad.wire.gemini.response import read_response, write_response
from crawdad.wire.gemini.spelling import NAME
from crawdad.wire.gemini.stream_reader import GeminiStreamReader
from crawdad.wire.gemini.stream_writer import GeminiStreamWriter
from crawdad.wire.gemini.support import SUPPORT
from crawdad.wire.gemini.tap import GeminiTap, asks_for_several
from crawdad.wire.gemini.usage import read_usage
from crawdad.wire.profile import DEFAULT, Profile


def method_path(model: str, method: str, profile: Profile = DEFAULT) -> str:
    """`/models/<model>:<method>`, whatever the name contains; `tunedModels/…` keeps its own collection."""
    collection, name = profile.models_path or "/models", model.removeprefix("models/")
    if name.startswith("tunedModels/"):
        collection, name = "/tunedModels", name.removeprefix("tunedModels/")
    return f"{collection}/{quote(name, safe='@')}:{method}"


class GeminiCodec:
    """See `crawdad.wire.codec.Codec`."""

    name = NAME
    support: SupportTable = SUPPORT

    def read_request(self, body: JsonObject, *, model: str | None = None, stream: bool | None = None) -> ModelRequest:
        """A client's request; `model` and `stream` come from the URL."""
        return request_reader.read_request(body, model=model, stream=stream)

    def stream_writer(self, context: ReplyContext) -> GeminiStreamWriter:
        """A writer of server-sent events (`alt=sse`)."""
        return GeminiStreamWriter(context, SseFraming())

    def array_writer(self, context: ReplyContext) -> GeminiStreamWriter:
        """A writer of one growing JSON array, Google's default. An error becomes the array's last element."""
        return GeminiStreamWriter(context, ArrayFraming())

    def write_response(self, response: ModelResponse, context: ReplyContext) -> JsonObject:
        """A whole reply."""
        return write_response(response, context)

    def write_error(self, error: GatewayError, language: Language = "en") -> tuple[int, JsonObject]:
        """`(status, body)`."""
        return errors.write_error(error, language)

    def write_request(self, request: ModelRequest, profile: Profile) -> WrittenRequest:
        """The body for an upstream."""
        return request_writer.write_request(request, profile)

    def path(self, model: str, stream: bool, profile: Profile = DEFAULT) -> str:
        """The path below the base URL (`…/v1beta`, or on Vertex `…/locations/<location>`)."""
        return method_path(model, "streamGenerateContent?alt=sse" if stream else "generateContent", profile)

    def stream_reader(self, profile: Profile) -> GeminiStreamReader:
        """A reader for one streamed answer."""
        return GeminiStreamReader()

    def read_response(self, body: Any, profile: Profile) -> list[StreamEvent]:
        """A whole answer as events."""
        return read_response(body)

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> GatewayError:
        """An error answer."""
        return errors.read_error(status, headers, body)

    def read_usage(self, body: JsonObject) -> Usage:
        """The usage in a whole answer."""
        return read_usage(body.get("usageMetadata"))

    def express_request(self, raw: bytes, body: JsonObject, stream: bool, profile: Profile) -> bytes:
        """The client's own bytes: the model is in the URL, usage always comes."""
        return raw

    def stop_of(self, body: JsonObject) -> str | None:
        """The stop reason of a whole answer."""
        tap = GeminiTap()
        tap.take(body)
        return tap.stop

    def tap(self, body: JsonObject) -> GeminiTap:
        """A tap for one express-lane stream."""
        return GeminiTap(several=asks_for_several(body))
