"""Events -> a stream for a Gemini client.

Text and thoughts go out as they come, each delta as a chunk of its own. Calls, media and the like go out whole when they
are complete, as Google says them. The last chunk of a candidate tells why it stopped, and the usage.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import replace
from typing import Any

import orjson

from crawdad.core.errors import GatewayError
from crawdad.core.events import MessageEnd, MessageStart, PartDelta, PartEnd, PartStart, StreamEvent
from crawdad.core.parts import (
    Citation,
    JsonObject,
    Part,
    RefusalPart,
    TextPart,
    ThinkingPart,
    TokenLogprob,
    ToolCallPart,
)
from crawdad.core.response import grow
from crawdad.core.text import Language
from crawdad.wire.codec import ReplyContext
from crawdad.wire.gemini.answer_writer import candidate_fields, is_blocked, usage_metadata, whole_part
from crawdad.wire.gemini.errors import write_error
from crawdad.wire.gemini.framing import Framing
from crawdad.wire.gemini.logprobs import write_logprobs
from crawdad.wire.gemini.part_writer import text_part
from crawdad.wire.gemini.spelling import NAME, to_json
from crawdad.wire.gemini.thought_seals import is_sealable, seal_thought
from crawdad.wire.turn_taking import TurnTaking

_FIELDS: dict[type, str] = {TextPart: "text", RefusalPart: "text", ThinkingPart: "thought"}
_HEAD = b'{"candidates":[{"content":{"parts":[{"text":'


class _Growing:
    """A part that is being told. `part` is a copy: whoever folds the same events grows the original."""

    __slots__ = ("choice", "part", "pieces", "spoken", "tail")

    def __init__(self, part: Part, choice: int, tail: bytes) -> None:
        self.part = copy(part)
        if isinstance(self.part, ThinkingPart):
            self.part.signature = None  # told as a first delta
        self.choice = choice
        self.tail = tail
        self.spoken = isinstance(part, (TextPart, ThinkingPart, RefusalPart))
        self.pieces: list[str] = []

    def complete(self) -> Part:
        """The part with everything it was told."""
        part, text = self.part, "".join(self.pieces)
        if isinstance(part, ToolCallPart):
            part.arguments = text
        elif isinstance(part, (TextPart, ThinkingPart, RefusalPart)):
            part.text = text
        return part


class GeminiStreamWriter:
    """Writes one streamed reply in the given framing."""

    __slots__ = ("_choices", "_context", "_extra", "_framing", "_native", "_parts", "_tails", "_turns")

    def __init__(self, context: ReplyContext, framing: Framing) -> None:
        self._context = context
        self._framing = framing
        self._native = False
        self._extra: JsonObject = {}
        self._parts: dict[int, _Growing] = {}
        self._choices: dict[int, _Choice] = {}
        self._tails: dict[tuple[int, bool], bytes] = {}
        self._turns = TurnTaking(_FIELDS)

    def send(self, event: StreamEvent) -> bytes:
        """The bytes that tell `event` (may be empty)."""
        if type(event) is PartDelta and not self._turns.holding:
            return self._delta(event)
        return b"".join([_SENDERS[type(told)](self, told) for told in self._turns.order(event)])

    def fail(self, error: GatewayError, language: Language = "en") -> bytes:
        """Google's error object as the last element of the stream."""
        return self._framing.frame(to_json(write_error(error, language)[1])) + self._framing.end()

    def ping(self) -> bytes:
        """Keep-alive."""
        return self._framing.ping()

    def _start(self, event: MessageStart) -> bytes:
        self._native = event.protocol == NAME
        self._extra = event.extra if self._native else {}
        return b""

    def _part(self, event: PartStart) -> bytes:
        part, choice = event.part, event.choice
        growing = _Growing(part, choice, self._tail(choice, isinstance(part, ThinkingPart)))
        self._parts[event.index] = growing
        kept = self._choice(choice)
        if isinstance(part, ToolCallPart):
            growing.pieces.append(part.arguments)
        if isinstance(part, TextPart):
            kept.texts.append((growing.pieces, citations := list(part.citations)))
            kept.citations[event.index] = citations
            kept.logprobs += part.logprobs
        if isinstance(part, (TextPart, ThinkingPart)):
            return self._delta(PartDelta(event.index, part.text, part.signature))
        return self._delta(PartDelta(event.index, part.text)) if isinstance(part, RefusalPart) else b""

    def _delta(self, event: PartDelta) -> bytes:
        growing = self._parts.get(event.index)
        if growing is None:
            return b""
        text = event.text
        if text:
            growing.pieces.append(text)
        if event.signature is None and event.citations is None and event.logprobs is None and growing.spoken:
            if event.encrypted is not None:
                grow(growing.part, PartDelta(event.index, encrypted=event.encrypted))
            return self._framing.frame(_HEAD + orjson.dumps(text) + growing.tail) if text else b""
        return self._rare(growing, event)

    def _rare(self, growing: _Growing, event: PartDelta) -> bytes:
        """A delta that brings more than text, or that belongs to a part which is said at its end."""
        part = growing.part
        if isinstance(part, TextPart):
            choice = self._choice(growing.choice)
            choice.citations[event.index].extend(event.citations or ())
            choice.logprobs.extend(event.logprobs or ())
        else:
            grow(part, replace(event, text=""))
        if not growing.spoken:
            return b""
        thought = isinstance(part, ThinkingPart)
        # Another vendor's signature is sealed when the thought is complete; of a text it means nothing here.
        own = part.origin == NAME if isinstance(part, ThinkingPart) else self._native
        signature = event.signature if own else None
        if not event.text and not signature:
            return b""
        return self._chunk(growing.choice, text_part(event.text, signature, {}, thought))

    def _end_part(self, event: PartEnd) -> bytes:
        growing = self._parts.pop(event.index, None)
        if growing is None:
            return b""
        choice = self._choice(growing.choice)
        if growing.spoken:
            if not isinstance(growing.part, ThinkingPart) or not is_sealable(growing.part):
                return b""
            thought = growing.complete()
            if isinstance(thought, ThinkingPart):
                choice.thoughts.append(thought)
                return self._chunk(growing.choice, text_part("", seal_thought(thought), {}, thought=True))
        body = whole_part(growing.complete(), self._native, self._context.request, choice.thoughts)
        return b"" if body is None else self._chunk(growing.choice, body)

    def _end(self, event: MessageEnd) -> bytes:
        extra = {**self._extra, **event.extra} if self._native else {}
        body: JsonObject = {}
        if not (is_blocked(extra, self._native) and not self._choices):
            stops = [event.stop, *event.other_stops]
            body["candidates"] = [self._last(number, extra, stop) for number, stop in enumerate(stops)]
        usage = usage_metadata(event.usage, extra)
        if usage:
            body["usageMetadata"] = usage
        body |= {key: value for key, value in extra.items() if key not in ("usageMetadata", "candidates")}
        body |= {"modelVersion": self._context.model, "responseId": self._context.reply_id}
        return self._framing.frame(to_json(body)) + self._framing.end()

    def _last(self, number: int, extra: JsonObject, stop: Any) -> JsonObject:
        kept = self._choice(number)
        texts = [("".join(pieces), citations) for pieces, citations in kept.texts] if not self._native else []
        fields = candidate_fields(number, stop, extra, self._native, texts)
        if kept.logprobs and "logprobsResult" not in fields:
            fields["logprobsResult"] = write_logprobs(kept.logprobs)
        return {"content": {"parts": [{"text": ""}], "role": "model"}, **fields}

    def _choice(self, number: int) -> _Choice:
        choice = self._choices.get(number)
        if choice is None:
            choice = self._choices[number] = _Choice()
        return choice

    def _tail(self, choice: int, thought: bool) -> bytes:
        """What follows the text in a chunk; it is the same for every chunk of a candidate."""
        tail = self._tails.get((choice, thought))
        if tail is None:
            names = {"modelVersion": self._context.model, "responseId": self._context.reply_id}
            mark = b',"thought":true' if thought else b""
            rest = b'}],"role":"model"},"index":%d}],' % choice
            tail = self._tails[choice, thought] = mark + rest + to_json(names)[1:]
        return tail

    def _chunk(self, choice: int, part: JsonObject) -> bytes:
        return self._framing.frame(
            b'{"candidates":[{"content":{"parts":[' + to_json(part)[:-1] + self._tail(choice, False)
        )


_SENDERS: dict[type, Callable[[GeminiStreamWriter, Any], bytes]] = {
    MessageStart: GeminiStreamWriter._start,
    PartStart: GeminiStreamWriter._part,
    PartDelta: GeminiStreamWriter._delta,
    PartEnd: GeminiStreamWriter._end_part,
    MessageEnd: GeminiStreamWriter._end,
}


class _Choice:
    """What is known of one candidate and told when it ends."""

    __slots__ = ("citations", "logprobs", "texts", "thoughts")

    def __init__(self) -> None:
        self.citations: dict[int, list[Citation]] = {}
        self.texts: list[tuple[list[str], list[Citation]]] = []
        self.logprobs: list[TokenLogprob] = []
        self.thoughts: list[ThinkingPart] = []
