"""Tables: what operators are told of."""

from __future__ import annotations

from sqlalchemy import Column, Double, Index, Integer, Table, Text, UniqueConstraint

from crawdad.store.metadata import metadata

notifications = Table(
    "notifications",
    metadata,
    Column("id", Text, primary_key=True),
    Column("target", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("mark", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("batch", Text, nullable=False),
    Column("runner", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("repeats", Integer, nullable=False),
    Column("receipt", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("ready_at", Double, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    UniqueConstraint("target", "mark", name="notifications_once"),
)
"""`text` is JSON (`core.notifications.Spoken`)."""
Index("notifications_by_state", notifications.c.state, notifications.c.ready_at)
Index("notifications_by_subject", notifications.c.target, notifications.c.subject, notifications.c.created_at)
Index("notifications_by_time", notifications.c.created_at)
