"""Tables: devices of the control channel, what they wait for and what they hold."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Double, Index, Table, Text

from crawdad.store.metadata import metadata

devices = Table(
    "devices",
    metadata,
    Column("id", Text, primary_key=True),
    Column("described", Text, nullable=False),
    Column("roles", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("parent_id", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("approved_at", Double, nullable=False),
)

device_tokens = Table(
    "device_tokens",
    metadata,
    Column("device_id", Text, primary_key=True),
    Column("role", Text, primary_key=True),
    Column("serial", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("rotated_at", Double),
    Column("revoked_at", Double),
    Column("last_used_at", Double),
)

device_requests = Table(
    "device_requests",
    metadata,
    Column("id", Text, primary_key=True),
    Column("device_id", Text, nullable=False),
    Column("described", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("repair", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Double, nullable=False),
)
Index("device_requests_by_time", device_requests.c.at)
Index("device_requests_by_device", device_requests.c.device_id)
