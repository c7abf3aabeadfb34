"""Tables: what the gateway did about itself."""

from __future__ import annotations

from sqlalchemy import Column, Double, Index, Table, Text

from crawdad.store.metadata import metadata

heal_events = Table(
    "heal_events",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", Double, nullable=False),
    Column("runner", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("event", Text, nullable=False),
)
"""`event` is JSON (`core.healing.HealEvent`); `runner` names the home that it happened in, for several may share a database."""
Index("heal_events_by_time", heal_events.c.at)
