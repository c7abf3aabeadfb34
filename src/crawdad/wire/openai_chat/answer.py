"""An answer as it is put together from chunks: whole messages and deltas go the same way.

A choice has at most one *flow* open, a part of text, thinking or refusal: when another kind of content arrives, the flow
ends and a new one begins. Tool calls and media stay open until the end of the answer, because vendors interleave,
reorder and repeat their fragments.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from crawdad.core.events import MessageEnd, MessageStart, PartDelta, PartEnd, PartStart, Stop, StreamEvent
from crawdad.core.parts import (
    JsonObject,
    MediaPart,
    OpaquePart,
    Part,
    RefusalPart,
    TextPart,
    ThinkingPart,
    TokenLogprob,
)
from crawdad.core.usage import Usage
from crawdad.wire.fields import unreadable
from crawdad.wire.openai_chat.annotations import read_annotations, read_logprobs
from crawdad.wire.openai_chat.errors import error_of
from crawdad.wire.openai_chat.media import read_data_url
from crawdad.wire.openai_chat.stops import read_stop
from crawdad.wire.openai_chat.support import NAME
from crawdad.wire.openai_chat.thinking import (
    details_of,
    plain_reasoning,
    read_detail,
    thinking_text,
    thought_signature,
)
from crawdad.wire.openai_chat.tool_calls import Calls
from crawdad.wire.openai_chat.usage import read_usage, usage_of

_MAX_CHOICE = 127
_ENVELOPE = frozenset({"id", "object", "created", "model", "choices", "usage", "obfuscation", "x_groq", "error"})

_TEXT, _REFUSAL, _PLAIN_THINKING = ("text",), ("refusal",), ("thinking",)


class Answer:
    """Events of one answer, chunk by chunk. `finish` gives the last ones."""

    __slots__ = ("_choices", "_end_extra", "_next_index", "_start_extra", "_usage", "started")

    def __init__(self) -> None:
        self.started = False
        self._next_index = count().__next__
        self._choices: dict[int, _Choice] = {}
        self._usage = Usage()
        self._start_extra: JsonObject = {}
        self._end_extra: JsonObject = {}

    @property
    def stopped(self) -> bool:
        """Whether every choice that began has told why it ended."""
        return bool(self._choices) and all(choice.last.get("finish_reason") for choice in self._choices.values())

    def take(self, chunk: JsonObject) -> list[StreamEvent]:
        """The events that a chunk (or whole answer) tells. Raises UPSTREAM_BROKEN for what cannot be an answer."""
        events: list[StreamEvent] = []
        choices = chunk.get("choices")
        if not self.started:
            if not choices and not chunk.get("id"):  # Azure's filter results come before anything is known
                self._start_extra.update(_extra(chunk))
                return events
            self.started = True
            events.append(_start(chunk, self._start_extra))
        elif not choices:
            self._end_extra.update(_extra(chunk))
        for raw in choices if isinstance(choices, list) else ():
            if isinstance(raw, dict):
                if raw.get("error"):  # OpenRouter
                    raise error_of({"error": raw["error"]}) or unreadable("an error without words")
                self._choice(raw).take(raw, events)
                if "usage" in raw:  # Moonshot
                    self._usage.merge(read_usage(raw["usage"]))
        if chunk.get("usage") or "x_groq" in chunk:
            usage = usage_of(chunk)
            if usage is not None:
                self._usage.merge(usage)
        return events

    def _choice(self, raw: JsonObject) -> _Choice:
        number = raw.get("index")
        if type(number) is not int:
            number = 0
        choice = self._choices.get(number)
        if choice is None:
            if not 0 <= number <= _MAX_CHOICE:
                raise unreadable("choice index out of range")
            choice = self._choices[number] = _Choice(number, self._next_index)
        return choice

    def finish(self) -> list[StreamEvent]:
        """The ends of all open parts and of the answer."""
        events: list[StreamEvent] = []
        for choice in self._choices.values():
            choice.finish(events)
        numbers = range(1 + max(self._choices, default=0))
        stops = [self._choices[number].stop() if number in self._choices else Stop() for number in numbers]
        events.append(MessageEnd(stops[0], self._usage, stops[1:], self._end_extra))
        return events


class _Choice:
    __slots__ = ("_calls", "_flow", "_flow_index", "_media", "_next_index", "_refused", "_said_text", "last", "number")

    def __init__(self, number: int, next_index: Callable[[], int]) -> None:
        self.number = number
        self.last: JsonObject = {}  # the fields that told why the choice ended
        self._next_index = (
            next_index  # of the whole answer, which this does not hold: what holds itself waits for the collector
        )
        self._flow: tuple[Any, ...] | None = None
        self._flow_index = 0
        self._calls = Calls(number, next_index)
        self._media: dict[str, int] = {}
        self._refused = False
        self._said_text = False

    def take(self, raw: JsonObject, events: list[StreamEvent]) -> None:
        delta = raw.get("delta")
        if not isinstance(delta, dict):
            delta = raw.get("message")
        if not isinstance(delta, dict):
            delta = {}
        logprobs = raw.get("logprobs")
        content = delta.get("content")
        if logprobs:
            self._take_delta(delta, _logprobs(logprobs, "content"), _logprobs(logprobs, "refusal"), events)
        elif self._flow is _TEXT and content and type(content) is str and len(delta) == 1 + ("role" in delta):
            events.append(PartDelta(self._flow_index, content))
        elif delta:
            self._take_delta(delta, [], [], events)
        if raw.get("finish_reason"):
            self.last = {key: raw.get(key) for key in ("finish_reason", "stop_reason", "native_finish_reason")}

    def _take_delta(
        self, delta: JsonObject, said: list[TokenLogprob], refused: list[TokenLogprob], events: list[StreamEvent]
    ) -> None:
        if delta.get("reasoning_details") or delta.get("reasoning_content") or delta.get("reasoning"):
            self._take_thinking(delta, events)
        if (content := delta.get("content")) or said:
            self._take_content(content, said, events)
        if (refusal := delta.get("refusal")) or refused:
            self._refuse(refusal, refused, events)
        if calls := delta.get("tool_calls"):
            self._end_flow(events)
            self._calls.take(calls, events)
        self._take_rare(delta, events)

    def _take_rare(self, delta: JsonObject, events: list[StreamEvent]) -> None:
        if call := delta.get("function_call"):
            self._calls.take_legacy(call, events)
        if audio := delta.get("audio"):
            self._take_audio(audio, events)
        if images := delta.get("images"):
            self._take_images(images, events)
        if citations := read_annotations(delta.get("annotations")):
            events.append(PartDelta(self._open_text(events), citations=citations))
        if signature := thought_signature(delta):
            self._sign(signature, events)

    def _take_thinking(self, delta: JsonObject, events: list[StreamEvent]) -> None:
        text = plain_reasoning(delta)
        parts = [read_detail(item) for item in details_of(delta)]
        if text and not any(part.text for part in parts):
            index = self._open(_PLAIN_THINKING, lambda: ThinkingPart(origin=NAME), events)
            events.append(PartDelta(index, text))
        for part in parts:
            self._take_detail(part, events)

    def _take_detail(self, part: ThinkingPart, events: list[StreamEvent]) -> None:
        """Fragments of one item have the same type and index; an encrypted item always comes whole."""
        text, signature = part.text, part.signature
        number = part.extra.get("index")
        key = ("detail", part.extra.get("type"), number if isinstance(number, int) else None)
        part.text, part.signature = "", None
        if part.encrypted is not None:
            self._end_flow(events)
        index = self._open(key, lambda: part, events)
        if text or signature:
            events.append(PartDelta(index, text, signature=signature))
        if part.encrypted is not None:
            self._end_flow(events)

    def _take_content(self, content: Any, logprobs: list[TokenLogprob], events: list[StreamEvent]) -> None:
        for item in content if isinstance(content, list) else (content,):
            if isinstance(item, str) and item:
                events.append(PartDelta(self._open_text(events), item, logprobs=logprobs or None))
                logprobs = []
            elif isinstance(item, dict):
                self._take_item(item, events)
        # Tokens may come without text: half a character, or (vLLM) those of a tool call, which have no place here.
        if logprobs and not self._calls.any and self._flow in (None, _TEXT):
            events.append(PartDelta(self._open_text(events), logprobs=logprobs))

    def _take_item(self, item: JsonObject, events: list[StreamEvent]) -> None:
        kind, text = item.get("type"), item.get("text")
        if kind == "thinking":
            if thought := thinking_text(item):
                index = self._open(_PLAIN_THINKING, lambda: ThinkingPart(origin=NAME), events)
                events.append(PartDelta(index, thought))
        elif isinstance(text, str) and kind in ("text", "output_text", None):
            if text:
                events.append(PartDelta(self._open_text(events), text))
        elif kind == "image_url":
            self._take_images([item], events)
        elif isinstance(kind, str):
            self._whole(OpaquePart(NAME, kind, item), events)

    def _refuse(self, refusal: Any, logprobs: list[TokenLogprob], events: list[StreamEvent]) -> None:
        text = _text(refusal)
        if text or logprobs:
            self._refused = True
            events.append(PartDelta(self._open(_REFUSAL, RefusalPart, events), text, logprobs=logprobs or None))

    def _take_audio(self, audio: Any, events: list[StreamEvent]) -> None:
        """Audio comes as `id`, then `data` and `transcript` bit by bit, then `expires_at`. Empty stand-ins are ignored."""
        if not isinstance(audio, dict):
            return
        data, transcript, identifier = (_text(audio.get(key)) for key in ("data", "transcript", "id"))
        if "audio" not in self._media:
            if not (data or transcript or identifier):
                return
            self._end_flow(events)
            part = MediaPart("audio", extra={"id": identifier} if identifier else {})
            if type(audio.get("expires_at")) is int:
                part.extra["expires_at"] = audio["expires_at"]
            self._media["audio"] = self._start(part, events)
        if data or transcript:
            events.append(PartDelta(self._media["audio"], transcript, data=data or None))

    def _take_images(self, images: Any, events: list[StreamEvent]) -> None:
        for image in images if isinstance(images, list) else ():
            source = image.get("image_url") if isinstance(image, dict) else None
            url = source.get("url") if isinstance(source, dict) else source
            if not isinstance(url, str) or not url:
                continue
            inline = read_data_url(url)
            if inline is None:
                self._whole(MediaPart("image", url=url), events)
            else:
                self._whole(MediaPart("image", data=inline[1], media_type=inline[0]), events)

    def _sign(self, signature: str, events: list[StreamEvent]) -> None:
        """Google signs the message; the signature belongs to its text, or to its first call where there is no text."""
        if self._said_text or not self._calls.sign(signature, events):
            events.append(PartDelta(self._open_text(events), signature=signature))

    def _open_text(self, events: list[StreamEvent]) -> int:
        self._said_text = True
        return self._open(_TEXT, TextPart, events)

    def _open(self, key: tuple[Any, ...], make: Callable[[], Part], events: list[StreamEvent]) -> int:
        if self._flow == key:
            return self._flow_index
        self._end_flow(events)
        self._flow, self._flow_index = key, self._start(make(), events)
        return self._flow_index

    def _start(self, part: Part, events: list[StreamEvent]) -> int:
        index = self._next_index()
        events.append(PartStart(index, part, self.number))
        return index

    def _whole(self, part: Part, events: list[StreamEvent]) -> None:
        self._end_flow(events)
        events.append(PartEnd(self._start(part, events)))

    def _end_flow(self, events: list[StreamEvent]) -> None:
        if self._flow is not None:
            events.append(PartEnd(self._flow_index))
            self._flow = None

    def finish(self, events: list[StreamEvent]) -> None:
        """End what is open."""
        self._end_flow(events)
        events.extend(PartEnd(index) for index in self._media.values())
        self._calls.finish(events)

    def stop(self) -> Stop:
        """Why this choice ended."""
        return read_stop(self.last, self._calls.any, self._refused)


def _start(chunk: JsonObject, extra: JsonObject) -> MessageStart:
    created = chunk.get("created")
    return MessageStart(
        id=_text(chunk.get("id")),
        model=_text(chunk.get("model")),
        created=created if type(created) is int else None,
        protocol=NAME,
        extra={**extra, **_extra(chunk)},
    )


def _extra(chunk: JsonObject) -> JsonObject:
    return {key: value for key, value in chunk.items() if key not in _ENVELOPE and value is not None}


def _logprobs(source: Any, key: str) -> list[TokenLogprob]:
    return read_logprobs(source.get(key)) if isinstance(source, dict) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
