"""Work that takes a while."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Add it."""
    op.create_table(
        "work_tasks",
        sa.Column("id", sa.Text(), primary_key=True),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("kind", "title", "target", "exclusive", "owner", "runner", "status")
        ),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("lines_dropped", sa.Integer(), nullable=False),
        sa.Column("result", sa.Text()),
        sa.Column("error", sa.Text()),
        sa.Column("started_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.Column("ended_at", sa.Double()),
    )
    op.create_index("work_tasks_by_status", "work_tasks", ["status", "exclusive"])
    op.create_index("work_tasks_by_time", "work_tasks", ["started_at"])
