"""Calls of tools over HTTP that are to run once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "tool_invocations",
        sa.Column("principal_id", sa.Text(), primary_key=True),
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("claim", sa.Text(), nullable=False),
        sa.Column("runner", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text()),
        sa.Column("expires_at", sa.Double(), nullable=False),
    )
    op.create_index("tool_invocations_by_expiry", "tool_invocations", ["expires_at"])
