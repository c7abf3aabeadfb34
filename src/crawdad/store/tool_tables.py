"""Tables: approvals of what agents want to do, and the files whose content came from outside."""

from __future__ import annotations

from sqlalchemy import Column, Double, Index, Table, Text

from crawdad.store.metadata import metadata

approvals = Table(
    "approvals",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("agent_id", Text, nullable=False),
    Column("session_key", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("call_id", Text, nullable=False),
    Column("principal_id", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("lasting", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("decided_at", Double),
    Column("decided_by", Text, nullable=False),
)
"""`details` is JSON. `fingerprint` and `lasting` as in `core.approvals`."""
Index("approvals_by_status", approvals.c.status, approvals.c.created_at)
Index("approvals_by_session", approvals.c.session_key, approvals.c.fingerprint)

approval_grants = Table(
    "approval_grants",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("agent_id", Text, nullable=False),
    Column("lasting", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("last_used_at", Double),
)
"""Answers given for good."""
Index("approval_grants_by_mark", approval_grants.c.agent_id, approval_grants.c.lasting, unique=True)

outside_files = Table(
    "outside_files",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("path", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("noted_at", Double, nullable=False),
)
"""Contents that came from outside, where they were last written and by which run."""
Index("outside_files_by_path", outside_files.c.path)
