"""Tables: what answers of agents belong to, deliveries of hooks, media files, calls of tools."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Index, Table, Text

from crawdad.store.metadata import metadata

agent_links = Table(
    "agent_links",
    metadata,
    Column("principal_id", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("agent_id", Text, nullable=False),
    Column("session_key", Text, nullable=False),
    Column("expires_at", Double, nullable=False),
    Index("agent_links_by_expiry", "expires_at"),
)

hook_deliveries = Table(
    "hook_deliveries",
    metadata,
    Column("key", Text, primary_key=True),
    Column("runner", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("order", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Index("hook_deliveries_by_status", "status", "runner"),
    Index("hook_deliveries_by_time", "updated_at"),
)

media_files = Table(
    "media_files",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Index("media_files_by_expiry", "expires_at"),
)

tool_invocations = Table(
    "tool_invocations",
    metadata,
    Column("principal_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("claim", Text, nullable=False),
    Column("runner", Text, nullable=False),
    Column("outcome", Text),
    Column("expires_at", Double, nullable=False),
    Index("tool_invocations_by_expiry", "expires_at"),
)
