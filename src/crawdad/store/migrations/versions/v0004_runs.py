"""Runs of agents and their events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def _needed(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "agent_runs",
        sa.Column("id", sa.Text(), primary_key=True),
        *_needed("agent_id", "session_key", "session_id", "principal_id", "origin", "status"),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("started_at", sa.Double()),
        sa.Column("ended_at", sa.Double()),
        sa.Column("runner", sa.Text(), nullable=False),
        sa.Column("starts", sa.BigInteger(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("ready_at", sa.Double(), nullable=False),
        sa.Column("absorbed_by", sa.Text(), nullable=False),
        sa.Column("cancel_wanted", sa.Boolean(), nullable=False),
        sa.Column("spawned_by", sa.Text(), nullable=False),
        sa.Column("unannounced", sa.Boolean(), nullable=False),
        sa.Column("idempotency_key", sa.Text()),
        sa.Column("parent_run_id", sa.Text(), nullable=False),
        sa.Column("depth", sa.BigInteger(), nullable=False),
        *_needed("title", "model", "stop_reason"),
        sa.Column("error_kind", sa.Text()),
        sa.Column("error", sa.Text()),
        sa.Column("cost", sa.Double()),
        *_needed("text", "order", "result"),
    )
    running, keyed = sa.text("status = 'running'"), sa.text("idempotency_key IS NOT NULL")
    op.create_index(
        "agent_runs_one_at_a_time",
        "agent_runs",
        ["session_key"],
        unique=True,
        sqlite_where=running,
        postgresql_where=running,
    )
    op.create_index("agent_runs_by_session", "agent_runs", ["session_key", "status", "id"])
    op.create_index(
        "agent_runs_by_key",
        "agent_runs",
        ["principal_id", "idempotency_key"],
        unique=True,
        sqlite_where=keyed,
        postgresql_where=keyed,
    )
    op.create_index("agent_runs_by_status", "agent_runs", ["status", "ready_at"])
    op.create_index("agent_runs_by_end", "agent_runs", ["ended_at"])
    op.create_index("agent_runs_by_parent", "agent_runs", ["parent_run_id"])
    op.create_index("agent_runs_by_spawner", "agent_runs", ["spawned_by", "status"])
    op.create_table(
        "agent_run_events",
        sa.Column("run_id", sa.Text(), primary_key=True),
        sa.Column("number", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
    )
