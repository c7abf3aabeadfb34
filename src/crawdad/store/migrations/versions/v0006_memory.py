"""What agents remember, and which tools of other servers were approved."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "memory_vectors",
        sa.Column("model", sa.Text(), primary_key=True),
        sa.Column("digest", sa.Text(), primary_key=True),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", sa.Double(), nullable=False),
    )
    op.create_index("memory_vectors_by_time", "memory_vectors", ["kept_at"])
    op.create_table(
        "mcp_tools",
        sa.Column("server", sa.Text(), primary_key=True),
        sa.Column("tool", sa.Text(), primary_key=True),
        sa.Column("approved", sa.Text()),
        sa.Column("seen", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.Double(), nullable=False),
        sa.Column("approved_at", sa.Double()),
        sa.Column("approved_by", sa.Text(), nullable=False, server_default=""),
    )
