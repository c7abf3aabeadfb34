"""Tables: how well the gateway was."""

from __future__ import annotations

from sqlalchemy import Column, Double, Index, Integer, Table, Text

from crawdad.store.metadata import metadata

health_samples = Table(
    "health_samples",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", Double, nullable=False),
    Column("span", Integer, nullable=False),
    Column("level", Text, nullable=False),
    Column("response_ms", Double),
    Column("processor", Double, nullable=False),
    Column("memory", Double, nullable=False),
    Column("parts", Text, nullable=False),
)
"""`parts` is JSON; `span` in seconds (`core.health.HealthSample`)."""
Index("health_samples_by_time", health_samples.c.at)
