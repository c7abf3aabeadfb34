"""Cron jobs, their runs, words that wait for an agent, and the pulse of agents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "cron_jobs",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("next_run_at", sa.BigInteger()),
        sa.Column("parent_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
    )
    op.create_table(
        "cron_runs",
        sa.Column("job_id", sa.Text(), primary_key=True),
        sa.Column("slot", sa.Text(), primary_key=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("job_name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("runner", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("planned_at", sa.BigInteger()),
        sa.Column("started_at", sa.BigInteger()),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("session_key", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("usage", sa.Text(), nullable=False),
        sa.Column("delivery_status", sa.Text(), nullable=False),
        sa.Column("delivery_error", sa.Text(), nullable=False),
        sa.Column("next_run_at", sa.BigInteger()),
    )
    op.create_table(
        "system_events",
        sa.Column("session_key", sa.Text(), primary_key=True),
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("untrusted", sa.Boolean(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
    )
    op.create_table(
        "heartbeats",
        sa.Column("agent_id", sa.Text(), primary_key=True),
        sa.Column("next_at", sa.Double(), nullable=False),
        sa.Column("runner", sa.Text(), nullable=False),
        sa.Column("running_until", sa.Double(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
    )
    op.create_index("cron_jobs_by_next_run", "cron_jobs", ["next_run_at"])
    op.create_index("cron_jobs_by_owner", "cron_jobs", ["owner"])
    op.create_index("cron_runs_by_status", "cron_runs", ["status", "requested_at"])
    op.create_index("cron_runs_by_job", "cron_runs", ["job_id", "requested_at"])
    op.create_index("cron_runs_by_time", "cron_runs", ["requested_at"])
    op.create_index("system_events_by_session", "system_events", ["session_key", "run_id", "id"])
    op.create_index("system_events_by_time", "system_events", ["at"])
