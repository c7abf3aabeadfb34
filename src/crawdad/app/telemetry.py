"""Whether this application traces what it does, and where the spans go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from secrets import randbits

import structlog

from crawdad import __version__
from crawdad.core.errors import GatewayError
from crawdad.core.ports import Clock
from crawdad.core.telemetry_settings import TelemetrySettings
from crawdad.core.tracing import TRACER
from crawdad.services.tracing import Tracing

_log = structlog.get_logger(__name__)
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


def is_wanted(settings: TelemetrySettings, environment: Mapping[str, str]) -> bool:
    """Whether somebody wants traces. `OTEL_SDK_DISABLED=true` and `OTEL_TRACES_EXPORTER=none` mean what they always do."""
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    if settings.enabled is not None:
        return settings.enabled
    if environment.get("OTEL_TRACES_EXPORTER", "").lower() == "none":
        return False
    return settings.endpoint is not None or any(environment.get(name) for name in _ENDPOINTS)


@asynccontextmanager
async def open_tracing(
    settings: TelemetrySettings, environment: Mapping[str, str], clock: Clock
) -> AsyncIterator[Tracing | None]:
    """The tracer of this application, for everything that is begun from here on; None where nobody wants one. Without the
    packages that it takes the application goes on, and says so."""
    if not is_wanted(settings, environment):
        yield None
        return
    from crawdad.adapters.telemetry import OtlpSpans

    headers = {name: value.reveal() for name, value in settings.headers.items()}
    name = environment.get("OTEL_SERVICE_NAME") or settings.service_name
    try:
        # The SDK takes a while to import.
        spans = await asyncio.to_thread(OtlpSpans, name, __version__, settings.endpoint, headers)
    except GatewayError as error:
        _log.warning("telemetry_off", reason=error.message())
        yield None
        return
    tracing = Tracing(clock, randbits, spans.record, ratio=settings.sample_ratio, passes_on=settings.propagate)
    TRACER.set(tracing)
    try:
        yield tracing
    finally:
        TRACER.set(None)
        await asyncio.to_thread(spans.close)
