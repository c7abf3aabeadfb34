"""Sessions, their logs, and what searches find them by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_SQLITE_SEARCH = (
    "CREATE VIRTUAL TABLE session_search USING fts5(words, content='session_texts', content_rowid='id', "
    'tokenize="unicode61 remove_diacritics 0")',
    "CREATE TRIGGER session_texts_added AFTER INSERT ON session_texts BEGIN "
    "INSERT INTO session_search(rowid, words) VALUES (new.id, new.words); END",
    "CREATE TRIGGER session_texts_removed AFTER DELETE ON session_texts BEGIN "
    "INSERT INTO session_search(session_search, rowid, words) VALUES ('delete', old.id, old.words); END",
)
_POSTGRES_SEARCH = (
    "ALTER TABLE session_texts ADD COLUMN session_search_vector tsvector "
    "GENERATED ALWAYS AS (to_tsvector('simple', words)) STORED",
    "CREATE INDEX session_search ON session_texts USING gin (session_search_vector)",
)
"""The vector is kept: to make it anew for each row that a search looks at takes seconds."""


def upgrade() -> None:
    """Add them."""
    op.create_table(
        "sessions",
        sa.Column("key", sa.Text(), primary_key=True),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in (
                *("session_id", "public_id", "agent_id", "kind", "owner", "parent_key", "title", "label", "channel"),
                *("chat_type", "model", "provider", "settings", "preview", "extra"),
            )
        ),
        sa.Column("route", sa.Text()),
        *(sa.Column(name, sa.Double(), nullable=False) for name in ("created_at", "updated_at", "active_at", "cost")),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in (
                *("input_tokens", "output_tokens", "cached_tokens", "context_tokens"),
                *("messages", "compactions"),
            )
        ),
        sa.Column("aborted", sa.Boolean(), nullable=False),
    )
    op.create_index("sessions_by_time", "sessions", ["updated_at", "key"])
    op.create_index("sessions_by_owner", "sessions", ["owner", "updated_at", "key"])
    op.create_index("sessions_by_agent", "sessions", ["agent_id", "updated_at", "key"])
    op.create_index("sessions_by_public_id", "sessions", ["public_id", "owner"])
    op.create_index("sessions_by_parent", "sessions", ["parent_key"])
    op.create_index("sessions_by_label", "sessions", ["label"])

    op.create_table(
        "session_logs",
        sa.Column("session_id", sa.Text(), primary_key=True),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("ended_at", sa.Double()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("last_sequence", sa.BigInteger(), nullable=False),
        sa.Column("last_id", sa.Text()),
        sa.Column("compaction", sa.BigInteger(), nullable=False),
        sa.Column("first_kept", sa.BigInteger(), nullable=False),
        sa.Column("header", sa.Text(), nullable=False),
    )
    op.create_index("session_logs_by_key", "session_logs", ["key", "created_at"])

    op.create_table(
        "session_lines",
        sa.Column(
            "session_id", sa.Text(), sa.ForeignKey("session_logs.session_id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("sequence", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Text()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
    )

    identifier = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "session_texts",
        sa.Column("id", identifier, primary_key=True, autoincrement=True),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
    )
    op.create_index("session_texts_by_key", "session_texts", ["key", "sequence"])
    op.create_index("session_texts_by_log", "session_texts", ["session_id"])
    for statement in _SQLITE_SEARCH if op.get_bind().dialect.name == "sqlite" else _POSTGRES_SEARCH:
        op.execute(statement)
