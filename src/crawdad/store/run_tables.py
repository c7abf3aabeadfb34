"""Tables: runs of agents and their events."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Table, Text, text

from crawdad.store.metadata import metadata

agent_runs = Table(
    "agent_runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("agent_id", Text, nullable=False),
    Column("session_key", Text, nullable=False),
    Column("session_id", Text, nullable=False),
    Column("principal_id", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("started_at", Double),
    Column("ended_at", Double),
    Column("runner", Text, nullable=False),
    Column("starts", BigInteger, nullable=False),
    Column("mode", Text, nullable=False),
    Column("ready_at", Double, nullable=False),
    Column("absorbed_by", Text, nullable=False),
    Column("cancel_wanted", Boolean, nullable=False),
    Column("spawned_by", Text, nullable=False),
    Column("unannounced", Boolean, nullable=False),
    Column("idempotency_key", Text),
    Column("parent_run_id", Text, nullable=False),
    Column("depth", BigInteger, nullable=False),
    Column("title", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("stop_reason", Text, nullable=False),
    Column("error_kind", Text),
    Column("error", Text),
    Column("cost", Double),
    Column("text", Text, nullable=False),
    Column("order", Text, nullable=False),
    Column("result", Text, nullable=False),
)
"""`runner` is the process that has it, `starts` how often it was begun. `mode` is how it waits (see `messages.queue`), and
not before `ready_at` does it begin by itself. `absorbed_by` is the run whose turn took its message along. `spawned_by` is
the session whose agent has this work done; `unannounced`: it has yet to hear of the end. `order` and `result` are JSON."""

Index(
    "agent_runs_one_at_a_time",
    agent_runs.c.session_key,
    unique=True,
    sqlite_where=text("status = 'running'"),
    postgresql_where=text("status = 'running'"),
)
Index("agent_runs_by_session", agent_runs.c.session_key, agent_runs.c.status, agent_runs.c.id)
Index(
    "agent_runs_by_key",
    agent_runs.c.principal_id,
    agent_runs.c.idempotency_key,
    unique=True,
    sqlite_where=text("idempotency_key IS NOT NULL"),
    postgresql_where=text("idempotency_key IS NOT NULL"),
)
Index("agent_runs_by_status", agent_runs.c.status, agent_runs.c.ready_at)
Index("agent_runs_by_end", agent_runs.c.ended_at)
Index("agent_runs_by_parent", agent_runs.c.parent_run_id)
Index("agent_runs_by_spawner", agent_runs.c.spawned_by, agent_runs.c.status)

agent_run_events = Table(
    "agent_run_events",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("kind", Text, nullable=False),
    Column("data", Text, nullable=False),
)
