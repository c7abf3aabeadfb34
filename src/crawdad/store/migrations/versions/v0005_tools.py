"""Approvals of what agents want to do."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "approvals",
        sa.Column("id", sa.Text(), primary_key=True),
        *_texts("kind", "summary", "agent_id", "session_key", "run_id", "call_id", "principal_id"),
        *_texts("fingerprint", "lasting", "details", "status"),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("decided_at", sa.Double()),
        *_texts("decided_by"),
    )
    op.create_index("approvals_by_status", "approvals", ["status", "created_at"])
    op.create_index("approvals_by_session", "approvals", ["session_key", "fingerprint"])
    op.create_table(
        "approval_grants",
        sa.Column("id", sa.Text(), primary_key=True),
        *_texts("kind", "summary", "agent_id", "lasting", "details"),
        sa.Column("created_at", sa.Double(), nullable=False),
        *_texts("created_by"),
        sa.Column("last_used_at", sa.Double()),
    )
    op.create_index("approval_grants_by_mark", "approval_grants", ["agent_id", "lasting"], unique=True)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]
