"""`telemetry.*`: traces for an OpenTelemetry collector."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from crawdad.core.section import SecretValue, Section


def _is_http(value: str) -> str:
    if not value.startswith(("https://", "http://")) or "@" in value:
        raise ValueError("it must begin with https:// or http://, and hold no credentials")
    return value


class TelemetrySettings(Section):
    """What of the work here is told, and to whom. It takes effect at the next start."""

    enabled: bool | None = None
    """None: where there is an `endpoint`, or OTEL_EXPORTER_OTLP_ENDPOINT (OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) is set."""
    endpoint: Annotated[str, Field(min_length=8, max_length=500), AfterValidator(_is_http)] | None = None
    headers: dict[str, SecretValue] = Field(default_factory=dict)
    service_name: str = Field("crawdad", min_length=1, max_length=100)
    sample_ratio: float = Field(1.0, ge=0, le=1)
    propagate: bool = False
    """Whether providers are sent `traceparent`, too."""
