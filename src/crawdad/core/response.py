"""A whole answer: nothing but a folded stream."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.events import MessageEnd, MessageStart, PartDelta, PartEnd, PartStart, Stop, StreamEvent
from crawdad.core.parts import (
    JsonObject,
    MediaPart,
    OpaquePart,
    Part,
    RefusalPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
)
from crawdad.core.text import Text
from crawdad.core.usage import Usage


@dataclass(slots=True)
class Choice:
    """One of the alternative answers; nearly always the only one."""

    parts: list[Part] = field(default_factory=list)
    stop: Stop = field(default_factory=Stop)


@dataclass(slots=True)
class ModelResponse:
    """A complete answer. `fold` is the only way to make one."""

    id: str
    model: str
    created: int | None
    choices: list[Choice]
    usage: Usage
    protocol: str = ""
    extra: JsonObject = field(default_factory=dict)

    @property
    def parts(self) -> list[Part]:
        """The parts of the first choice."""
        return self.choices[0].parts

    @property
    def stop(self) -> Stop:
        """Why the first choice ended."""
        return self.choices[0].stop

    @property
    def text(self) -> str:
        """The visible text of the first choice."""
        return "".join(part.text for part in self.parts if isinstance(part, TextPart))


class Growing:
    """A part while it grows. Its text is put together when somebody wants to see it: doing so with every delta would copy a
    long one as often as there are deltas."""

    __slots__ = ("_data", "_part", "_texts")

    def __init__(self, part: Part) -> None:
        self._part = part
        self._texts: list[str] = []
        self._data: list[str] = []

    @property
    def kind(self) -> type[Part]:
        """What kind of part it is."""
        return type(self._part)

    @property
    def part(self) -> Part:
        """The part with all that was added to it."""
        if self._texts or self._data:
            grow(self._part, PartDelta(0, "".join(self._texts), data="".join(self._data) or None))
            self._texts.clear()
            self._data.clear()
        return self._part

    def add(self, delta: PartDelta) -> None:
        """One delta more."""
        if delta.text:
            self._texts.append(delta.text)
        if delta.data:
            self._data.append(delta.data)
        if delta.signature or delta.citations or delta.logprobs or delta.encrypted is not None:
            grow(self._part, replace(delta, text="", data=None))


class Folder:
    """Grows an answer event by event; `finish` gives it, or raises when the stream had no proper end."""

    def __init__(self) -> None:
        self._start: MessageStart | None = None
        self._end: MessageEnd | None = None
        self._parts: dict[int, Growing] = {}
        self._choice_of: dict[int, int] = {}
        self.usage = Usage()

    def add(self, event: StreamEvent) -> None:
        """Take one event into account."""
        if isinstance(event, PartDelta):
            part = self._parts.get(event.index)
            if part is not None:
                part.add(event)
        elif isinstance(event, PartStart):
            self._parts[event.index] = Growing(event.part)
            self._choice_of[event.index] = event.choice
        elif isinstance(event, PartEnd):
            if event.void:
                self._parts.pop(event.index, None)
        elif isinstance(event, MessageStart):
            self._start = event
            if event.usage is not None:
                self.usage.merge(event.usage)
        else:
            self._end = event
            self.usage.merge(event.usage)

    def finish(self) -> ModelResponse:
        """The whole answer. Raises `GatewayError` when the stream stopped before its end."""
        start, end = self._start, self._end
        if start is None or end is None:
            raise GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("upstream.cut_short"))
        count = 1 + max([len(end.other_stops), *self._choice_of.values()], default=0)
        stops = [end.stop, *end.other_stops]
        choices = [Choice([], stops[i] if i < len(stops) else Stop()) for i in range(count)]
        for index in sorted(self._parts):
            choices[self._choice_of[index]].parts.append(self._parts[index].part)
        return ModelResponse(
            id=start.id,
            model=start.model,
            created=start.created,
            choices=choices,
            usage=self.usage,
            protocol=start.protocol,
            extra={**start.extra, **end.extra},
        )


def grow(part: Part, delta: PartDelta) -> None:
    """Apply one delta to the part it belongs to."""
    if isinstance(part, ToolCallPart):
        part.arguments += delta.text
    elif isinstance(part, MediaPart):
        if delta.data:
            part.data = (part.data or "") + delta.data
        if delta.text:
            part.text = (part.text or "") + delta.text
    elif not isinstance(part, (OpaquePart, ToolResultPart)):
        part.text += delta.text
    if isinstance(part, (TextPart, ThinkingPart, ToolCallPart)) and delta.signature:
        part.signature = (part.signature or "") + delta.signature
    if isinstance(part, TextPart):
        part.citations.extend(delta.citations or ())
        part.logprobs.extend(delta.logprobs or ())
    elif isinstance(part, RefusalPart):
        part.logprobs.extend(delta.logprobs or ())
    elif isinstance(part, ThinkingPart) and delta.encrypted is not None:
        part.encrypted = delta.encrypted


def fold(events: Iterable[StreamEvent]) -> ModelResponse:
    """The whole answer that `events` tell. Raises `GatewayError` when they stop before the end."""
    folder = Folder()
    for event in events:
        folder.add(event)
    return folder.finish()


def unfold(response: ModelResponse) -> list[StreamEvent]:
    """The shortest event sequence that tells `response`: each part starts complete."""
    events: list[StreamEvent] = [
        MessageStart(response.id, response.model, response.created, response.protocol, None, response.extra)
    ]
    index = 0
    for number, choice in enumerate(response.choices):
        for part in choice.parts:
            events += [PartStart(index, part, number), PartEnd(index)]
            index += 1
    events.append(MessageEnd(response.stop, response.usage, [c.stop for c in response.choices[1:]]))
    return events
