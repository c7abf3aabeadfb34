"""Tables: the activity log, and tickets that stand for a credential in an address."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Index, Integer, Table, Text

from crawdad.store.metadata import metadata

activity = Table(
    "activity",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("mark", Text, unique=True),
    Column("at", Double, nullable=False),
    Column("kept_at", Double, nullable=False),
    Column("source", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("detail", Text),
    Column("searched", Text, nullable=False),
    Index("activity_by_source", "source", "number"),
    Index("activity_by_time", "kept_at"),
)
"""What happened, in the order in which it was told of. `at` is when it happened by the clock of whoever told, `kept_at` when
it was written. `mark` names a happening that several may tell of: it stands once. `searched` is summary and
detail in small letters."""

tickets = Table(
    "tickets",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("principal_id", Text, nullable=False),
    Column("credential", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("expires_at", Double, nullable=False),
    Index("tickets_by_expiry", "expires_at"),
)
"""Tickets by their hash. `credential` is the hash of the credential that they were made for, hashed once more; behind it, after
spaces, when the session ends that they were asked for in, and its id."""
