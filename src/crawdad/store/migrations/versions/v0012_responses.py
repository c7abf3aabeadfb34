"""What a background response needs to be gone on with by another process, and counts within an hour that outlast a process."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add them."""
    op.add_column("stored_responses", sa.Column("origin", sa.Text()))
    op.create_table(
        "rate_windows",
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.Double(), nullable=False),
    )
    op.create_index("rate_windows_by_end", "rate_windows", ["ends_at"])
