"""Tables: work that takes a while."""

from __future__ import annotations

from sqlalchemy import Column, Double, Index, Integer, Table, Text

from crawdad.store.metadata import metadata

work_tasks = Table(
    "work_tasks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("exclusive", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("runner", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("progress", Integer, nullable=False),
    Column("lines", Text, nullable=False),
    Column("lines_dropped", Integer, nullable=False),
    Column("result", Text),
    Column("error", Text),
    Column("started_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("ended_at", Double),
)
"""`title`, `lines`, `result` and `error` are JSON (`core.tasks`)."""
Index("work_tasks_by_status", work_tasks.c.status, work_tasks.c.exclusive)
Index("work_tasks_by_time", work_tasks.c.started_at)
