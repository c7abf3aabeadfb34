"""Contents of files that came from outside."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "outside_files",
        sa.Column("sha256", sa.Text(), primary_key=True),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("noted_at", sa.Double(), nullable=False),
    )
    op.create_index("outside_files_by_path", "outside_files", ["path"])
