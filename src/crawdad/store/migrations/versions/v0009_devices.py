"""Devices of the control channel, their tokens, and those that wait to be let in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "devices",
        sa.Column("id", sa.Text(), primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("described", "roles", "scopes", "parent_id")),
        *(sa.Column(name, sa.Double(), nullable=False) for name in ("created_at", "approved_at")),
    )
    op.create_table(
        "device_tokens",
        sa.Column("device_id", sa.Text(), primary_key=True),
        sa.Column("role", sa.Text(), primary_key=True),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        *(sa.Column(name, sa.Double()) for name in ("rotated_at", "revoked_at", "last_used_at")),
    )
    op.create_table(
        "device_requests",
        sa.Column("id", sa.Text(), primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("device_id", "described", "role", "scopes")),
        sa.Column("repair", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
    )
    op.create_index("device_requests_by_time", "device_requests", ["at"])
    op.create_index("device_requests_by_device", "device_requests", ["device_id"])
