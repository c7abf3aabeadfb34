"""Where a piece of work stands in a distributed trace (W3C Trace Context), and the port that spans are handed to.

The tracer of an application and the place of the work at hand are context variables: what is begun by some work, as a task of
its own too, stands below it without being told. Without a tracer every call here is one look at a variable.
"""

from __future__ import annotations

import re
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

SpanKind = Literal["server", "client", "internal", "producer"]
Attribute = str | int | float | bool | tuple[str, ...]
Attributes = dict[str, Attribute]

_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")


class Place(NamedTuple):
    """One span's place: ids in hexadecimal, `parent_id` empty at the root."""

    trace_id: str
    span_id: str
    parent_id: str = ""
    sampled: bool = True


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of work that has ended. Times are Unix time in seconds; `error` says in a word why it failed."""

    name: str
    kind: SpanKind
    place: Place
    began: float
    ended: float
    attributes: Attributes = field(default_factory=dict)
    error: str | None = None


class Tracer(Protocol):
    """Gives places and takes spans. Neither waits."""

    passes_on: bool
    """Whether upstreams are told of the trace."""

    def below(self, place: Place | None) -> Place:
        """A fresh place below `place`; that of a new trace for None."""

    def now(self) -> float: ...

    def record(self, span: Span) -> None: ...


TRACER: ContextVar[Tracer | None] = ContextVar("tracer", default=None)
PLACE: ContextVar[Place | None] = ContextVar("place", default=None)


def read_traceparent(text: str) -> Place | None:
    """The caller's place, from its `traceparent` header; None where that is not one."""
    found = _TRACEPARENT.fullmatch(text.strip().lower())
    if found is None or not found[1].strip("0") or not found[2].strip("0"):
        return None
    return Place(found[1], found[2], sampled=bool(int(found[3], 16) & 1))


def traceparent(place: Place) -> str:
    """`place` as the header that tells the next one of it."""
    return f"00-{place.trace_id}-{place.span_id}-{'01' if place.sampled else '00'}"


def to_upstream() -> str | None:
    """The header for an upstream; None where it is not to be told."""
    tracer = TRACER.get()
    place = PLACE.get() if tracer is not None and tracer.passes_on else None
    return None if place is None else traceparent(place)


class span:
    """`with span(name, kind, attributes):` around a piece of work. `attributes` may be added to until it ends; what it is
    left with by an exception counts as its error."""

    __slots__ = ("_began", "_kind", "_name", "_place", "_token", "_tracer", "attributes", "error")

    def __init__(self, name: str, kind: SpanKind, attributes: Attributes) -> None:
        self._name, self._kind, self.attributes = name, kind, attributes
        self.error: str | None = None
        self._tracer = TRACER.get()

    def __enter__(self) -> span:
        if self._tracer is not None:
            self._place = self._tracer.below(PLACE.get())
            self._token: Token[Place | None] = PLACE.set(self._place)
            self._began = self._tracer.now()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._tracer is not None:
            PLACE.reset(self._token)
            error = self.error or (None if kind is None else kind.__name__)
            ended = self._tracer.now()
            self._tracer.record(Span(self._name, self._kind, self._place, self._began, ended, self.attributes, error))
