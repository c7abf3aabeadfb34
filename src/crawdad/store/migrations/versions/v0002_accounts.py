"""Accounts and their locks, budgets, bodies of exchanges, usage by the quarter of an hour; keys with owners and budgets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add them."""
    op.add_column("api_keys", sa.Column("owner", sa.Text(), nullable=False, server_default=""))
    op.add_column("api_keys", sa.Column("parent_id", sa.Text()))
    for name in ("providers", "protocols", "networks", "budgets"):
        op.add_column("api_keys", sa.Column(name, sa.Text(), nullable=False, server_default="[]"))
    op.add_column("exchanges", sa.Column("account_label", sa.Text(), nullable=False, server_default=""))
    op.add_column("exchanges", sa.Column("owner", sa.Text(), nullable=False, server_default=""))
    op.add_column("exchanges", sa.Column("sequence", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_index("exchanges_by_sequence", "exchanges", ["sequence"])
    is_error = sa.text("status < 200 OR status >= 400")
    op.create_index(
        "exchanges_of_errors", "exchanges", ["started_at", "id"], sqlite_where=is_error, postgresql_where=is_error
    )
    op.create_table(
        "exchange_totals",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("sequence", "exchanges", "errors", "stored_bytes")
        ),
    )
    op.create_table(
        "exchange_kinds",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("model_requested", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("account_label", sa.Text(), nullable=False),
        sa.Column("exchanges", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.Double(), nullable=False),
        sa.Column("last_at", sa.Double(), nullable=False),
    )

    op.create_table(
        "exchange_bodies",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("request", sa.LargeBinary()),
        sa.Column("response", sa.LargeBinary()),
        sa.Column("stored_bytes", sa.BigInteger(), nullable=False),
    )
    op.create_index("exchange_bodies_by_time", "exchange_bodies", ["at", "id", "stored_bytes"])

    op.create_table(
        "usage_buckets",
        sa.Column("span", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("bucket", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("account", sa.Text(), primary_key=True),
        sa.Column("principal_id", sa.Text(), primary_key=True),
        sa.Column("model_requested", sa.Text(), primary_key=True),
        sa.Column("model_resolved", sa.Text(), primary_key=True),
        sa.Column("account_label", sa.Text(), nullable=False),
        sa.Column("principal_name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cache_read_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cache_write_tokens", sa.BigInteger(), nullable=False),
        sa.Column("reasoning_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost", sa.Double(), nullable=False),
        sa.Column("priced", sa.BigInteger(), nullable=False),
        sa.Column("unpriced", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "usage_totals",
        sa.Column("span", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("bucket", sa.BigInteger(), primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("requests", "failed", "input_tokens")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("output_tokens", "cache_read_tokens")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("cache_write_tokens", "reasoning_tokens")),
        sa.Column("cost", sa.Double(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("priced", "unpriced")),
    )

    op.create_table(
        "accounts",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("label", sa.Text(), nullable=False, unique=True),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("api", sa.Text()),
        sa.Column("base_url", sa.Text()),
        sa.Column("secret", sa.Text()),
        sa.Column("models", sa.Text(), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("plan", sa.Text()),
        sa.Column("limits", sa.Text(), nullable=False),
        sa.Column("disabled_reason", sa.Text()),
        sa.Column("disabled_at", sa.Double()),
        sa.Column("paused_reason", sa.Text()),
        sa.Column("paused_at", sa.Double()),
        sa.Column("protected_models", sa.Text(), nullable=False),
        sa.Column("quota", sa.Text()),
        sa.Column("extra", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("last_used_at", sa.Double()),
    )
    op.create_table(
        "account_locks",
        sa.Column("account_id", sa.Text(), sa.ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("model", sa.Text(), primary_key=True),
        sa.Column("until", sa.Double(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("failed_at", sa.Double(), nullable=False),
    )
    op.create_table(
        "device_profiles",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("account_id", sa.Text(), sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
    )
    op.create_index("device_profiles_by_account", "device_profiles", ["account_id", "created_at"])

    op.create_table(
        "budget_counters",
        sa.Column("subject", sa.Text(), primary_key=True),
        sa.Column("unit", sa.Text(), primary_key=True),
        sa.Column("window", sa.Text(), primary_key=True),
        sa.Column("used", sa.Double(), nullable=False),
        sa.Column("reserved", sa.Double(), nullable=False),
    )
    op.create_table(
        "budget_reservations",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("runner", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("returned", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_index("budget_reservations_by_expiry", "budget_reservations", ["expires_at"])
