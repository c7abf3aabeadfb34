"""A streamed reply: `chat.completion.chunk` events, then `[DONE]`.

The chunk around a delta never changes, so its bytes are made once; a delta costs one small JSON string.
"""

from __future__ import annotations

from dataclasses import replace

import orjson

from crawdad.core.errors import GatewayError
from crawdad.core.events import MessageEnd, MessageStart, PartDelta, PartEnd, PartStart, Stop, StreamEvent
from crawdad.core.parts import JsonObject, MediaPart, RefusalPart, TextPart, ThinkingPart, ToolCallPart
from crawdad.core.text import Language
from crawdad.wire.codec import ReplyContext
from crawdad.wire.openai_chat.errors import stream_error
from crawdad.wire.openai_chat.reply import Reply
from crawdad.wire.openai_chat.stops import write_stop
from crawdad.wire.openai_chat.stream_parts import (
    CallOut,
    ChoiceFrame,
    CustomCallOut,
    DetailedThinkingOut,
    LegacyCallOut,
    MediaOut,
    PartOut,
    RefusalOut,
    SilentOut,
    TextOut,
    ThinkingOut,
)
from crawdad.wire.openai_chat.support import NAME
from crawdad.wire.openai_chat.usage import write_tier, write_usage
from crawdad.wire.turn_taking import TurnTaking

DONE = b"data: [DONE]\n\n"
PING = b": ping\n\n"
_FIELDS: dict[type, str] = {TextPart: "content", RefusalPart: "refusal", ThinkingPart: "reasoning_content"}
_ROLE = {"role": "assistant", "content": "", "refusal": None}


class ChatStreamWriter:
    """Events in, bytes out."""

    __slots__ = (
        "_after",
        "_before",
        "_choices",
        "_parts",
        "_start_extra",
        "_turns",
        "_usage",
        "include_usage",
        "reply",
    )

    def __init__(self, context: ReplyContext) -> None:
        self.include_usage = context.request.include_usage is True
        self._usage = b',"usage":null' if self.include_usage else b""
        self._parts: dict[int, PartOut] = {}
        self._choices: dict[int, ChoiceFrame] = {}
        self._start_extra: JsonObject = {}
        self._before = self._after = b""
        self._turns = TurnTaking(_FIELDS)
        self.reply = Reply(context, "")

    def _begin(self, start: MessageStart) -> None:
        context = self.reply.context
        self.reply = Reply(context, start.protocol)
        self._start_extra = self.reply.extra(start.extra)
        if start.usage is not None and (tier := write_tier(start.usage.service_tier)):
            self._start_extra.setdefault("service_tier", tier)
        head = orjson.dumps(
            {
                "id": self.reply.id,
                "object": "chat.completion.chunk",
                "created": context.created,
                "model": context.model,
                **self._start_extra,
            }
        )
        self._before = b"data: " + head[:-1] + b',"choices":['
        self._after = b"]" + self._usage + b"}\n\n"

    def send(self, event: StreamEvent) -> bytes:
        """The bytes that tell `event` (may be empty)."""
        if type(event) is PartDelta and not self._turns.holding:
            part = self._parts.get(event.index)
            return b"" if part is None else part.delta(event)
        return b"".join([self._tell(told) for told in self._turns.order(event)])

    def _tell(self, event: StreamEvent) -> bytes:
        if isinstance(event, PartDelta):
            part = self._parts.get(event.index)
            return b"" if part is None else part.delta(event)
        if isinstance(event, PartStart):
            return self._start_part(event)
        if isinstance(event, PartEnd):
            part = self._parts.pop(event.index, None)
            return b"" if part is None else part.end()
        if isinstance(event, MessageStart):
            self._begin(event)
            return self._choice(0)[1]
        return self._end(event)

    def _choice(self, number: int) -> tuple[ChoiceFrame, bytes]:
        """The choice, and the chunks that open it, and those before it, which SDKs want to hear of first."""
        opening = b""
        for new in range(len(self._choices), number + 1):
            choice = self._choices[new] = ChoiceFrame(new, self._before, self._after)
            opening += choice.chunk(orjson.dumps(_ROLE))
        return self._choices[number], opening

    def _start_part(self, event: PartStart) -> bytes:
        choice, opening = self._choice(event.choice)
        part = event.part
        if isinstance(part, TextPart):
            writing: PartOut = TextOut(choice, self.reply.own)
            first = PartDelta(
                event.index, part.text, part.signature, None, part.citations or None, part.logprobs or None
            )
        elif isinstance(part, ThinkingPart):
            plain = part.origin == NAME and "type" not in part.extra
            writing = ThinkingOut(choice) if plain else DetailedThinkingOut(choice, part)
            first = PartDelta(event.index, part.text)
        elif isinstance(part, ToolCallPart):
            writing, first = self._call(choice, part, event.index), PartDelta(event.index, part.arguments)
        elif isinstance(part, RefusalPart):
            writing, first = RefusalOut(choice), PartDelta(event.index, part.text, logprobs=part.logprobs or None)
        elif isinstance(part, MediaPart) and part.kind in ("audio", "image"):
            writing, first = MediaOut(choice, part, self.reply), PartDelta(event.index)
        else:
            return opening
        self._parts[event.index] = writing
        return opening + writing.delta(first)

    def _call(self, choice: ChoiceFrame, part: ToolCallPart, index: int) -> PartOut:
        reply = self.reply
        identifier = reply.call_id(part, str(index))
        custom = part.custom or reply.is_custom(part)
        part = replace(part, name=reply.name_of(part), namespace=None)
        number = choice.calls
        choice.calls += 1
        if reply.legacy:
            return LegacyCallOut(choice, part) if number == 0 else SilentOut()
        if custom:
            return CustomCallOut(choice, part, number, identifier)
        return CallOut(choice, part, number, identifier)

    def _end(self, event: MessageEnd) -> bytes:
        stops = [event.stop, *event.other_stops]
        extra = {
            key: value for key, value in self.reply.extra(event.extra).items() if self._start_extra.get(key) != value
        }
        beside = {} if self.include_usage else extra
        pieces = []
        for number in range(max(len(stops), 1 + max(self._choices, default=0))):
            choice, opening = self._choice(number)
            stop = stops[number] if number < len(stops) else Stop()
            fields = write_stop(stop, self.reply.own, choice.refused, self.reply.legacy)
            pieces += [opening, choice.finish(fields, beside)]
        if self.include_usage:
            if tier := write_tier(event.usage.service_tier):
                extra["service_tier"] = tier
            pieces.append(self._trailer({**extra, "usage": write_usage(event.usage)}))
        pieces.append(DONE)
        return b"".join(pieces)

    def _trailer(self, extra: JsonObject) -> bytes:
        """The chunk without choices that holds the usage."""
        head = orjson.loads(self._before[6:] + b"]}")
        return b"data: " + orjson.dumps({**head, **extra}) + b"\n\n"

    def fail(self, error: GatewayError, language: Language = "en") -> bytes:
        """The bytes that end the stream with the protocol's error event."""
        return stream_error(error, language)

    def ping(self) -> bytes:
        """A comment: the protocol has no keep-alive of its own."""
        return PING
