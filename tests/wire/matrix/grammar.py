"""The grammar of `core.events`: a check for sequences, and a strategy that makes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from crawdad.core.events import (
    MessageEnd,
    MessageStart,
    PartDelta,
    PartEnd,
    PartStart,
    Stop,
    StopReason,
    StreamEvent,
)
from crawdad.core.parts import Part, RefusalPart, TextPart, ThinkingPart, ToolCallPart
from crawdad.core.usage import Usage


def grammar_faults(events: list[StreamEvent]) -> list[str]:
    """Where `events` leave the grammar: MessageStart (PartStart PartDelta* PartEnd)* MessageEnd, parts interleaving."""
    faults: list[str] = []
    open_parts: set[int] = set()
    started = 0
    for place, event in enumerate(events):
        if (place == 0) != isinstance(event, MessageStart):
            faults.append(f"{place}: {type(event).__name__}")
        if isinstance(event, PartStart):
            if event.index != started:
                faults.append(f"{place}: part {event.index} instead of {started}")
            started += 1
            open_parts.add(event.index)
        elif isinstance(event, PartDelta) and event.index not in open_parts:
            faults.append(f"{place}: delta of part {event.index}, which is not open")
        elif isinstance(event, PartEnd):
            if event.index not in open_parts:
                faults.append(f"{place}: end of part {event.index}, which is not open")
            open_parts.discard(event.index)
        elif isinstance(event, MessageEnd) and (open_parts or place != len(events) - 1):
            faults.append(f"{place}: the end, with {open_parts} open and {len(events) - 1 - place} events to come")
    return faults


TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
_KEYS = st.text('abc é"\\\n中', min_size=1, max_size=4)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_KEYS, inner, max_size=2),
    max_leaves=4,
)
ARGUMENTS = st.dictionaries(_KEYS, _VALUES, max_size=3)
NAMES = st.sampled_from(["get_weather", "f", "a-b_c", "Read", "mcp__server__tool"])


@dataclass
class Drawn:
    """One part of an answer: how it starts, the deltas that tell the rest, and what it amounts to."""

    choice: int
    start: Part
    deltas: list[PartDelta] = field(default_factory=list)
    text: str = ""
    name: str = ""


@dataclass
class Story:
    """A made-up answer. `events` makes it anew each time."""

    parts: list[Drawn]
    order: list[int]
    """For each step, which part goes on: it starts, then tells a delta each time, then ends."""
    choices: int
    stop: StopReason
    usage: Usage

    def events(self) -> list[StreamEvent]:
        """The story as events that obey the grammar."""
        events: list[StreamEvent] = [MessageStart("up", "their-model", 1, "elsewhere")]
        indexes: dict[int, int] = {}
        waiting = {number: list(part.deltas) for number, part in enumerate(self.parts)}
        for number in [*self.order, *(n for n in waiting for _ in range(len(waiting[n]) + 2))]:
            if number not in waiting:
                continue
            if number not in indexes:
                indexes[number] = len(indexes)
                events.append(PartStart(indexes[number], _copy(self.parts[number].start), self.parts[number].choice))
            elif waiting[number]:
                delta = waiting[number].pop(0)
                events.append(PartDelta(indexes[number], delta.text, delta.signature, delta.encrypted))
            else:
                del waiting[number]
                events.append(PartEnd(indexes[number]))
        others = [Stop("end") for _ in range(self.choices - 1)]
        return [*events, MessageEnd(Stop(self.stop), self.usage, others)]

    def told(self, kind: type[Part], choice: int = 0) -> list[Drawn]:
        """The parts of one kind in the order in which they start."""
        firsts = list(dict.fromkeys([*self.order, *range(len(self.parts))]))
        return [
            self.parts[number]
            for number in firsts
            if number < len(self.parts)
            and isinstance(self.parts[number].start, kind)
            and self.parts[number].choice == choice
        ]


def _copy(part: Part) -> Part:
    if isinstance(part, ToolCallPart):
        return ToolCallPart(part.id, part.name, part.arguments, part.custom)
    if isinstance(part, ThinkingPart):
        return ThinkingPart(part.text, origin=part.origin)
    return type(part)(part.text) if isinstance(part, TextPart | RefusalPart) else part


@st.composite
def _pieces(draw: st.DrawFn, text: str) -> tuple[str, list[str]]:
    """`text` in a first piece, possibly empty, and others, some of them empty."""
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=4)))
    edges = [0, *cuts, len(text)]
    first, *rest = [text[start:end] for start, end in pairwise(edges)]
    return first, rest


@st.composite
def _part(draw: st.DrawFn, choices: int, number: int) -> Drawn:
    choice = draw(st.integers(0, choices - 1))
    kind: Callable[..., Any] = draw(st.sampled_from([TextPart, TextPart, ThinkingPart, RefusalPart, ToolCallPart]))
    if kind is ToolCallPart:
        text = json.dumps(draw(ARGUMENTS), ensure_ascii=draw(st.booleans()))
        name = draw(NAMES)
        first, rest = draw(_pieces(text))
        identifier = draw(st.sampled_from(["", f"call_{number}", f"toolu_{number}"]))
        return Drawn(choice, ToolCallPart(identifier, name, first), [PartDelta(0, piece) for piece in rest], text, name)
    text = draw(TEXT)
    first, rest = draw(_pieces(text))
    deltas = [PartDelta(0, piece) for piece in rest]
    if kind is ThinkingPart:
        if draw(st.booleans()):
            deltas.append(PartDelta(0, signature="c2ln"))
        if draw(st.booleans()):
            deltas.append(PartDelta(0, encrypted="ZW5j"))
        return Drawn(choice, ThinkingPart(first, origin="elsewhere"), deltas, text)
    return Drawn(choice, kind(first), deltas, text)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Answers of one to three choices, their parts interleaved."""
    choices = draw(st.sampled_from([1, 1, 1, 2, 3]))
    count = draw(st.integers(0, 5))
    parts = [draw(_part(choices, number)) for number in range(count)]
    order = draw(st.lists(st.integers(0, max(count - 1, 0)), max_size=20)) if count else []
    read = draw(st.integers(0, 50))
    usage = Usage(
        input_tokens=read + draw(st.integers(0, 50)),
        output_tokens=draw(st.integers(0, 99)),
        cache_read_tokens=read,
    )
    return Story(parts, order, choices, draw(st.sampled_from(["end", "max_tokens"])), usage)
