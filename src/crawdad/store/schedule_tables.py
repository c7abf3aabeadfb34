"""Tables: cron jobs, their runs, words that wait for an agent, and the pulse of agents. Times of cron are milliseconds."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Table, Text

from crawdad.store.metadata import metadata

cron_jobs = Table(
    "cron_jobs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("agent_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("next_run_at", BigInteger),
    Column("parent_id", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("definition", Text, nullable=False),
    Column("state", Text, nullable=False),
)
Index("cron_jobs_by_next_run", cron_jobs.c.next_run_at)
Index("cron_jobs_by_owner", cron_jobs.c.owner)

cron_runs = Table(
    "cron_runs",
    metadata,
    Column("job_id", Text, primary_key=True),
    Column("slot", Text, primary_key=True),
    Column("status", Text, nullable=False),
    Column("trigger", Text, nullable=False),
    Column("job_name", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("agent_id", Text, nullable=False),
    Column("runner", Text, nullable=False),
    Column("requested_at", BigInteger, nullable=False),
    Column("planned_at", BigInteger),
    Column("started_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("phase", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("session_id", Text, nullable=False),
    Column("session_key", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("usage", Text, nullable=False),
    Column("delivery_status", Text, nullable=False),
    Column("delivery_error", Text, nullable=False),
    Column("next_run_at", BigInteger),
)
Index("cron_runs_by_status", cron_runs.c.status, cron_runs.c.requested_at)
Index("cron_runs_by_job", cron_runs.c.job_id, cron_runs.c.requested_at)
Index("cron_runs_by_time", cron_runs.c.requested_at)

system_events = Table(
    "system_events",
    metadata,
    Column("session_key", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("id", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("text", Text, nullable=False),
    Column("untrusted", Boolean, nullable=False),
    Column("run_id", Text, nullable=False),
)
Index("system_events_by_session", system_events.c.session_key, system_events.c.run_id, system_events.c.id)
Index("system_events_by_time", system_events.c.at)

heartbeats = Table(
    "heartbeats",
    metadata,
    Column("agent_id", Text, primary_key=True),
    Column("next_at", Double, nullable=False),
    Column("runner", Text, nullable=False),
    Column("running_until", Double, nullable=False),
    Column("state", Text, nullable=False),
)
