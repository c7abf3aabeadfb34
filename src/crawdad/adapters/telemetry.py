"""Spans to an OpenTelemetry collector, over OTLP with HTTP and protobuf: the optional extra `telemetry`.

The SDK is imported when somebody wants traces, and not before. Spans wait in a queue of a bounded length, from which a thread
sends them; what finds no room is dropped, and nobody waits for the collector.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text
from crawdad.core.tracing import Span

_MOST_WAITING = 2048
_BATCH = 256
_NANOSECONDS = 1_000_000_000
_TIMEOUT_SECONDS = 10.0
_FLUSH_MILLISECONDS = 2000


class OtlpSpans:
    """The way to one collector. `endpoint` is the whole URL (`…/v1/traces`); None: what OTEL_* variables say."""

    def __init__(
        self,
        service_name: str,
        version: str,
        endpoint: str | None,
        headers: Mapping[str, str],
        every_seconds: float = 5.0,
    ) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError as error:
            raise GatewayError(ErrorKind.UNAVAILABLE, Text("telemetry.not_installed")) from error
        exporter = OTLPSpanExporter(endpoint=endpoint, headers=dict(headers) or None, timeout=_TIMEOUT_SECONDS)
        self._processor: Any = BatchSpanProcessor(
            exporter,
            max_queue_size=_MOST_WAITING,
            max_export_batch_size=_BATCH,
            schedule_delay_millis=every_seconds * 1000,
        )
        self._made = _maker(Resource.create({"service.name": service_name, "service.version": version}))

    def record(self, span: Span) -> None:
        """Put `span` into the queue."""
        self._processor.on_end(self._made(span))

    def close(self) -> None:
        """Send what waits, for a moment, and stop. Blocks."""
        self._processor.force_flush(_FLUSH_MILLISECONDS)
        self._processor.shutdown()


def _maker(resource: Any) -> Any:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope
    from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

    kinds = {
        "server": SpanKind.SERVER,
        "client": SpanKind.CLIENT,
        "internal": SpanKind.INTERNAL,
        "producer": SpanKind.PRODUCER,
    }
    scope, flags = InstrumentationScope("crawdad"), TraceFlags(TraceFlags.SAMPLED)

    def made(span: Span) -> Any:
        place = span.place
        trace_id = int(place.trace_id, 16)
        parent = SpanContext(trace_id, int(place.parent_id, 16), True, flags) if place.parent_id else None
        failed = span.error is not None
        return ReadableSpan(
            name=span.name,
            context=SpanContext(trace_id, int(place.span_id, 16), False, flags),
            parent=parent,
            resource=resource,
            attributes={**span.attributes, **({"error.type": span.error} if failed else {})},
            kind=kinds[span.kind],
            status=Status(StatusCode.ERROR if failed else StatusCode.UNSET),
            start_time=int(span.began * _NANOSECONDS),
            end_time=int(max(span.ended, span.began) * _NANOSECONDS),
            instrumentation_scope=scope,
        )

    return made
