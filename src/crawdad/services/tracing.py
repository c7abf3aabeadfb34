"""Spans of what the gateway does: places in traces, sampling, and what a closed exchange tells.

Names follow OpenTelemetry's semantic conventions for generative AI and HTTP. What was asked and answered is never in them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from crawdad.core.agent_names import AGENT_PROVIDER
from crawdad.core.exchange import Attempt, Exchange
from crawdad.core.ports import Clock
from crawdad.core.tracing import PLACE, Attributes, Place, Span

_TRACE_BITS, _SPAN_BITS = 128, 64
_OF_AGENTS = "agent"
"""The contract of what agents ask models."""
_OPERATIONS = {
    "completions": "text_completion",
    "embeddings": "embeddings",
    "embedContent": "embeddings",
    "batchEmbedContents": "embeddings",
    "images": "generate_content",
    "image_edits": "generate_content",
    "generateContent": "generate_content",
    "streamGenerateContent": "generate_content",
}
"""Operation of an exchange → `gen_ai.operation.name`, where it is not `chat`."""


class Tracing:
    """The tracer of one application. `random_bits` gives so many bits of chance; `sink` takes what is sampled."""

    def __init__(
        self,
        clock: Clock,
        random_bits: Callable[[int], int],
        sink: Callable[[Span], None],
        *,
        ratio: float = 1.0,
        passes_on: bool = False,
    ) -> None:
        self.passes_on = passes_on
        self._clock = clock
        self._random_bits = random_bits
        self._sink = sink
        self._bound = int(ratio * 2**_SPAN_BITS)

    def below(self, place: Place | None) -> Place:
        """A fresh place below `place`. A new trace is sampled by its id, a known one as whoever began it decided."""
        own = f"{self._random_bits(_SPAN_BITS) or 1:016x}"
        if place is not None:
            return Place(place.trace_id, own, place.span_id, place.sampled)
        number = self._random_bits(_TRACE_BITS) or 1
        return Place(f"{number:032x}", own, sampled=number % 2**_SPAN_BITS < self._bound)

    def now(self) -> float:
        """Unix time in seconds."""
        return self._clock.now()

    def record(self, span: Span) -> None:
        """Hand on a span that is sampled."""
        if span.place.sampled:
            self._sink(span)

    def observe(self, exchange: Exchange) -> None:
        """Record a closed exchange: the request, and below it one span for each upstream that was asked."""
        place = exchange.place or self.below(PLACE.get())
        if place.sampled:
            for span in spans_of(exchange, place):
                self._sink(span)


def spans_of(exchange: Exchange, place: Place) -> Iterator[Span]:
    """The spans of a closed exchange that stands at `place`."""
    end = exchange.started_at + (exchange.duration_seconds or 0.0)
    attributes: Attributes = {
        **_model_words(exchange),
        "crawdad.exchange.id": exchange.id,
        "crawdad.protocol": exchange.protocol,
        "crawdad.outcome": exchange.outcome,
        "http.response.status_code": exchange.status,
    }
    if exchange.contract != _OF_AGENTS:
        attributes |= {"http.request.method": exchange.method, "url.path": exchange.path.partition("?")[0]}
    error = None if exchange.outcome == "completed" else exchange.error_kind or exchange.outcome
    by_agent = exchange.contract == _OF_AGENTS
    name = "ask model" if by_agent else f"{exchange.method} {exchange.operation}"
    yield Span(name, "internal" if by_agent else "server", place, exchange.started_at, end, attributes, error)
    for attempt, where in zip(exchange.attempts, exchange.attempt_places, strict=False):
        yield _attempt(exchange, attempt, where, end, is_last=attempt is exchange.attempts[-1])


def _attempt(exchange: Exchange, attempt: Attempt, place: Place, end: float, *, is_last: bool) -> Span:
    by_agent = attempt.source == AGENT_PROVIDER
    operation = "invoke_agent" if by_agent else _OPERATIONS.get(exchange.operation, "chat")
    attributes: Attributes = {
        "gen_ai.operation.name": operation,
        "gen_ai.provider.name": attempt.source,
        "gen_ai.request.model": attempt.model,
    }
    if by_agent:
        attributes["gen_ai.agent.id"] = attempt.model
    if attempt.status is not None:
        attributes["http.response.status_code"] = attempt.status
    if is_last:
        attributes |= _used(exchange)
    error = attempt.error or (exchange.error_kind if is_last else None)
    ended = end if attempt.ended is None else exchange.started_at + attempt.ended
    began = exchange.started_at + attempt.began
    return Span(
        f"{operation} {attempt.model}", "internal" if by_agent else "client", place, began, ended, attributes, error
    )


def _model_words(exchange: Exchange) -> Attributes:
    said = {
        "gen_ai.operation.name": _OPERATIONS.get(exchange.operation, "chat"),
        "gen_ai.provider.name": exchange.provider,
        "gen_ai.request.model": exchange.model_requested,
        "gen_ai.response.model": exchange.model_resolved.partition("/")[2],
    }
    return {key: value for key, value in said.items() if value}


def _used(exchange: Exchange) -> Attributes:
    usage = exchange.usage
    attributes: Attributes = {}
    if usage.input_tokens is not None:
        attributes["gen_ai.usage.input_tokens"] = usage.input_tokens
    if usage.output_tokens is not None:
        attributes["gen_ai.usage.output_tokens"] = usage.output_tokens
    if usage.cache_read_tokens:
        attributes["gen_ai.usage.cache_read.input_tokens"] = usage.cache_read_tokens
    if exchange.stop_reason:
        attributes["gen_ai.response.finish_reasons"] = (exchange.stop_reason,)
    if exchange.first_byte_seconds is not None:
        attributes["crawdad.first_byte_seconds"] = exchange.first_byte_seconds
    if exchange.cost is not None:
        attributes["crawdad.cost_usd"] = exchange.cost
    return attributes
