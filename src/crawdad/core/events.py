"""An answer while it grows: the five events at which all model protocols meet.

Grammar: MessageStart (PartStart PartDelta* PartEnd)* MessageEnd, where parts may interleave (their index tells them
apart) and every started part ends before MessageEnd. `index` counts parts over the whole answer, 0, 1, 2, …
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from crawdad.core.parts import Citation, JsonObject, Part, TokenLogprob
from crawdad.core.usage import Usage

StopReason = Literal[
    "end",  # the model said all it wanted to
    "max_tokens",
    "stop_sequence",
    "tool_use",
    "refusal",  # the model declined
    "content_filter",  # the vendor cut it
    "pause",  # a server-side loop paused; send the answer back to go on
    "context_window",  # the context is full
    "malformed_tool_call",
    "error",
    "other",
]


@dataclass(slots=True)
class Stop:
    """Why one choice of an answer ended. `raw` is the vendor's own word; `sequence` the stop sequence that was met."""

    reason: StopReason = "end"
    raw: str | None = None
    sequence: str | None = None
    details: JsonObject | None = None


@dataclass(slots=True)
class MessageStart:
    """The upstream began to answer. `id`, `model` and `created` are the vendor's; `usage` what it says of the input."""

    id: str = ""
    model: str = ""
    created: int | None = None
    protocol: str = ""
    usage: Usage | None = None
    extra: JsonObject = field(default_factory=dict)


@dataclass(slots=True)
class PartStart:
    """A part begins. `part` is its first state: usually empty text, or a tool call with id and name but no arguments.

    The receiver owns `part` and may grow it. `choice` tells alternative answers (`n` > 1) apart.
    """

    index: int
    part: Part
    choice: int = 0


@dataclass(slots=True)
class PartDelta:
    """More of a part: `text` extends text, thinking, refusal or tool arguments; the others are set or appended.

    `signature` extends the signature of the part, `encrypted` replaces opaque reasoning, `data` extends base64 media data.
    """

    index: int
    text: str = ""
    signature: str | None = None
    encrypted: str | None = None
    citations: list[Citation] | None = None
    logprobs: list[TokenLogprob] | None = None
    data: str | None = None


@dataclass(slots=True)
class PartEnd:
    """A part is complete. `void`: it broke off, and what stood in it is said anew: it is no part of the answer."""

    index: int
    void: bool = False


@dataclass(slots=True)
class MessageEnd:
    """The answer is complete. `stops` holds one entry per choice, in order; `extra` vendor fields of the end."""

    stop: Stop = field(default_factory=Stop)
    usage: Usage = field(default_factory=Usage)
    other_stops: list[Stop] = field(default_factory=list)
    extra: JsonObject = field(default_factory=dict)


StreamEvent = MessageStart | PartStart | PartDelta | PartEnd | MessageEnd
