"""Tables: sessions, their logs, and what searches find them by."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, ForeignKey, Index, Integer, Table, Text

from crawdad.store.metadata import metadata

sessions = Table(
    "sessions",
    metadata,
    Column("key", Text, primary_key=True),
    Column("session_id", Text, nullable=False),
    Column("public_id", Text, nullable=False),
    Column("agent_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("parent_key", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("chat_type", Text, nullable=False),
    Column("route", Text),
    Column("model", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("settings", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("active_at", Double, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("context_tokens", BigInteger, nullable=False),
    Column("cost", Double, nullable=False),
    Column("messages", BigInteger, nullable=False),
    Column("compactions", BigInteger, nullable=False),
    Column("aborted", Boolean, nullable=False),
    Column("preview", Text, nullable=False),
    Column("extra", Text, nullable=False),
)
"""`route`, `settings` and `extra` are JSON; `session_id` is the present log's. `public_id` is what the owner of a session of
the REST interface calls it."""
Index("sessions_by_time", sessions.c.updated_at, sessions.c.key)
Index("sessions_by_owner", sessions.c.owner, sessions.c.updated_at, sessions.c.key)
Index("sessions_by_agent", sessions.c.agent_id, sessions.c.updated_at, sessions.c.key)
Index("sessions_by_public_id", sessions.c.public_id, sessions.c.owner)
Index("sessions_by_parent", sessions.c.parent_key)
Index("sessions_by_label", sessions.c.label)

session_logs = Table(
    "session_logs",
    metadata,
    Column("session_id", Text, primary_key=True),
    Column("key", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("ended_at", Double),
    Column("reason", Text, nullable=False),
    Column("last_sequence", BigInteger, nullable=False),
    Column("last_id", Text),
    Column("compaction", BigInteger, nullable=False),
    Column("first_kept", BigInteger, nullable=False),
    Column("header", Text, nullable=False),
)
"""A log under a key; `ended_at` and `reason` tell when and why another took its place, or the session was deleted.
`compaction` is the sequence of its newest compaction (0: none), `first_kept` where the view goes on behind that summary.
`header` is the first line of the file that it was read from (JSON)."""
Index("session_logs_by_key", session_logs.c.key, session_logs.c.created_at)

session_lines = Table(
    "session_lines",
    metadata,
    Column("session_id", Text, ForeignKey("session_logs.session_id", ondelete="CASCADE"), primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False),
    Column("parent_id", Text),
    Column("kind", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("data", Text, nullable=False),
)

session_texts = Table(
    "session_texts",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False),
    Column("session_id", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("words", Text, nullable=False),
)
"""What searches look at: the words of a line, or, with sequence 0, of a session's title, label and key. `words` are spelled by
`store.search_words`; the index over them is made by the migration, each database has its own kind."""
Index("session_texts_by_key", session_texts.c.key, session_texts.c.sequence)
Index("session_texts_by_log", session_texts.c.session_id)
