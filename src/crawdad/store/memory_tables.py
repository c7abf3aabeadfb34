"""Tables: what agents remember, and which tools of other servers were approved."""

from __future__ import annotations

from sqlalchemy import Column, Double, Index, LargeBinary, Table, Text

from crawdad.store.metadata import metadata

memory_vectors = Table(
    "memory_vectors",
    metadata,
    Column("model", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("vector", LargeBinary, nullable=False),
    Column("kept_at", Double, nullable=False),
)
Index("memory_vectors_by_time", memory_vectors.c.kept_at)

mcp_tools = Table(
    "mcp_tools",
    metadata,
    Column("server", Text, primary_key=True),
    Column("tool", Text, primary_key=True),
    Column("approved", Text),
    Column("seen", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("changed_at", Double, nullable=False),
    Column("approved_at", Double),
    Column("approved_by", Text, nullable=False, server_default=""),
)
"""`approved` and `seen` are digests of what a tool says of itself: the one that may be used, and the newest."""
