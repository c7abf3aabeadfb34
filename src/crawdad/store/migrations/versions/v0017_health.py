"""How well the gateway was."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add it."""
    op.create_table(
        "health_samples",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("span", sa.Integer(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("response_ms", sa.Double()),
        sa.Column("processor", sa.Double(), nullable=False),
        sa.Column("memory", sa.Double(), nullable=False),
        sa.Column("parts", sa.Text(), nullable=False),
    )
    op.create_index("health_samples_by_time", "health_samples", ["at"])
