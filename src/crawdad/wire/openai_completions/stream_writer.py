"""Streamed replies: `text_completion` chunks, several prompts in one stream."""

from __future__ import annotations

import orjson

from crawdad.core.errors import GatewayError
from crawdad.core.events import MessageEnd, PartDelta, PartStart, Stop, StreamEvent
from crawdad.core.parts import JsonObject, RefusalPart, TextPart, TokenLogprob
from crawdad.core.request import ModelRequest
from crawdad.core.text import Language
from crawdad.core.usage import Usage, total_usage
from crawdad.wire.codec import ReplyContext
from crawdad.wire.openai_chat.errors import stream_error
from crawdad.wire.openai_chat.stream_writer import DONE, PING
from crawdad.wire.openai_chat.usage import write_usage
from crawdad.wire.openai_completions.response import echo_of, envelope, finish_reason, write_tokens


def stream_writers(requests: list[ModelRequest], context: ReplyContext) -> list[CompletionStreamWriter]:
    """A writer a prompt, for one stream. Their bytes may interleave; the one that ends last ends the stream."""
    stream = _Stream(context, len(requests))
    return [CompletionStreamWriter(stream, position, request) for position, request in enumerate(requests)]


class _Stream:
    """What the writers of one stream share."""

    __slots__ = ("_envelope", "_include_usage", "_open", "_usages", "choices")

    def __init__(self, context: ReplyContext, prompts: int) -> None:
        self._envelope = envelope(context)
        self._include_usage = context.request.include_usage is True
        self._open = prompts
        self._usages: list[Usage] = []
        self.choices = context.request.sampling.n or 1  # a prompt

    def chunk(self, choices: list[JsonObject], usage: JsonObject | None = None) -> bytes:
        """One event."""
        body: JsonObject = {**self._envelope, "choices": choices}
        if self._include_usage:
            body["usage"] = usage
        return b"data: " + orjson.dumps(body) + b"\n\n"

    def end(self, usage: Usage) -> bytes:
        """One prompt is answered; with the last of them goes the end of the stream."""
        self._usages.append(usage)
        self._open -= 1
        if self._open:
            return b""
        if not self._include_usage:
            return DONE
        return self.chunk([], write_usage(total_usage(self._usages))) + DONE


class CompletionStreamWriter:
    """The answer to one prompt. Text and refusals are written; nothing else has a place here."""

    __slots__ = ("_echo", "_lengths", "_parts", "_position", "_stream")

    def __init__(self, stream: _Stream, position: int, request: ModelRequest) -> None:
        self._stream = stream
        self._position = position
        self._echo = echo_of(request)
        self._lengths: dict[int, int] = {}  # choice → characters so far
        self._parts: dict[int, int] = {}  # part → choice

    def send(self, event: StreamEvent) -> bytes:
        """The bytes that tell `event` (may be empty)."""
        if isinstance(event, PartDelta):
            choice = self._parts.get(event.index)
            return b"" if choice is None else self._text(choice, event.text, event.logprobs or [])
        if isinstance(event, PartStart):
            if not isinstance(event.part, (TextPart, RefusalPart)):
                return b""
            self._parts[event.index] = event.choice
            return self._begin(event.choice) + self._text(event.choice, event.part.text, event.part.logprobs)
        return self._end(event) if isinstance(event, MessageEnd) else b""

    def _begin(self, choice: int) -> bytes:
        if choice in self._lengths:
            return b""
        self._lengths[choice] = 0
        return self._text(choice, self._echo, [])

    def _text(self, choice: int, text: str, tokens: list[TokenLogprob]) -> bytes:
        if not text and not tokens:
            return b""
        offset = self._lengths[choice]
        self._lengths[choice] = offset + len(text)
        return self._chunk(choice, text, write_tokens(tokens, offset), None)

    def _chunk(self, choice: int, text: str, logprobs: JsonObject | None, reason: str | None) -> bytes:
        index = self._position * self._stream.choices + choice
        fields = {"text": text, "index": index, "logprobs": logprobs, "finish_reason": reason}
        return self._stream.chunk([fields])

    def _end(self, event: MessageEnd) -> bytes:
        stops = [event.stop, *event.other_stops]
        pieces = []
        for choice in range(max(len(stops), 1 + max(self._lengths, default=0))):
            stop = stops[choice] if choice < len(stops) else Stop()
            pieces += [self._begin(choice), self._chunk(choice, "", None, finish_reason(stop))]
        return b"".join((*pieces, self._stream.end(event.usage)))

    def fail(self, error: GatewayError, language: Language = "en") -> bytes:
        """The bytes that end the stream with an error."""
        return stream_error(error, language)

    def ping(self) -> bytes:
        """A comment that keeps the connection alive."""
        return PING
