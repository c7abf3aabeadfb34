"""Places in traces, sampling, and what a closed exchange tells."""

from __future__ import annotations

import pytest

from crawdad.adapters.system import SystemClock
from crawdad.core.exchange import Attempt, Exchange
from crawdad.core.tracing import PLACE, TRACER, Place, Span, read_traceparent, span, to_upstream, traceparent
from crawdad.services.tracing import Tracing, spans_of

CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def tracing(spans: list[Span], numbers: list[int], ratio: float = 1.0) -> Tracing:
    return Tracing(SystemClock(), lambda bits: numbers.pop(0) % 2**bits, spans.append, ratio=ratio)


def test_the_header_is_read_as_the_standard_has_it() -> None:
    place = read_traceparent(f" {CALLER.upper()} ")
    assert place is not None and traceparent(place) == CALLER
    later = read_traceparent(CALLER.replace("00-", "cc-", 1) + "-what-will-be")
    assert later == place
    for wrong in (
        "",
        "00",
        CALLER.replace("00-", "ff-", 1),
        CALLER.replace("4bf9", "xxxx"),
        f"00-{'0' * 32}-{'1' * 16}-01",
    ):
        assert read_traceparent(wrong) is None
    unsampled = read_traceparent(CALLER[:-2] + "00")
    assert unsampled is not None and not unsampled.sampled


@pytest.mark.parametrize(("ratio", "sampled"), [(0.0, False), (0.5, False), (0.6, True), (1.0, True)])
def test_a_new_trace_is_sampled_by_its_id_and_a_known_one_as_its_beginner_said(ratio: float, sampled: bool) -> None:
    spans: list[Span] = []
    tracer = tracing(spans, [7, 2**63, 8], ratio=ratio)  # a trace id in the middle of its range
    root = tracer.below(None)
    assert (root.sampled, root.parent_id) == (sampled, "")
    child = tracer.below(Place("a" * 32, "b" * 16, sampled=not sampled))
    assert (child.trace_id, child.parent_id, child.sampled) == ("a" * 32, "b" * 16, not sampled)
    tracer.record(Span("x", "internal", root, 0.0, 1.0))
    assert len(spans) == sampled


def test_work_stands_below_the_work_around_it_and_tells_how_it_failed() -> None:
    spans: list[Span] = []
    token = TRACER.set(tracing(spans, [1, 100, 2, 3]))
    try:
        with pytest.raises(ValueError), span("outer", "server", {}), span("inner", "internal", {"a": 1}):
            assert to_upstream() is None  # nobody asked for it to be passed on
            raise ValueError
        assert PLACE.get() is None
    finally:
        TRACER.reset(token)
    inner, outer = spans
    assert inner.place.parent_id == outer.place.span_id and inner.place.trace_id == outer.place.trace_id
    assert (inner.error, outer.error, inner.attributes) == ("ValueError", "ValueError", {"a": 1})
    with span("nobody listens", "internal", {}):
        assert PLACE.get() is None


def test_each_attempt_of_an_exchange_is_a_span() -> None:
    exchange = Exchange("id", 1000.0, "openai", "openai-chat", "chat", path="/v1/chat/completions?key=x")
    exchange.attempts = [Attempt("a", "m1", 500, "upstream_error", 0.1, 0.4), Attempt("b", "m2", 200, None, 0.5)]
    exchange.attempt_places = [Place("a" * 32, "1" * 16), Place("a" * 32, "2" * 16)]
    exchange.duration_seconds, exchange.outcome, exchange.status = 2.0, "completed", 200
    exchange.usage.input_tokens, exchange.usage.output_tokens, exchange.stop_reason = 10, 20, "stop"
    request, first, second = spans_of(exchange, Place("a" * 32, "0" * 15 + "1"))
    assert (request.kind, request.error, request.attributes["url.path"]) == ("server", None, "/v1/chat/completions")
    assert (first.began, first.ended, first.error) == (1000.1, 1000.4, "upstream_error")
    assert (second.began, second.ended, second.error) == (1000.5, 1002.0, None)
    assert (
        second.attributes["gen_ai.usage.output_tokens"] == 20 and "gen_ai.usage.output_tokens" not in first.attributes
    )
