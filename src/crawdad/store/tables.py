"""The tables, as the newest migration leaves them. Times are Unix seconds, JSON is text, counts are 64-bit."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    false,
)

metadata = MetaData()

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("hash", Text, nullable=False, unique=True),
    Column("hint", Text, nullable=False),
    Column("permissions", Text, nullable=False),
    Column("models", Text, nullable=False),
    Column("requests_per_minute", BigInteger),
    Column("tokens_per_minute", BigInteger),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double),
    Column("revoked_at", Double),
    Column("last_used_at", Double),
    Column("owner", Text, nullable=False, server_default=""),
    Column("parent_id", Text),
    Column("providers", Text, nullable=False, server_default="[]"),
    Column("protocols", Text, nullable=False, server_default="[]"),
    Column("networks", Text, nullable=False, server_default="[]"),
    Column("budgets", Text, nullable=False, server_default="[]"),
)

exchanges = Table(
    "exchanges",
    metadata,
    Column("id", Text, primary_key=True),
    Column("started_at", Double, nullable=False),
    Column("contract", Text, nullable=False),
    Column("protocol", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("principal_id", Text, nullable=False),
    Column("principal_name", Text, nullable=False),
    Column("client_address", Text, nullable=False),
    Column("user_agent", Text, nullable=False),
    Column("client_request_id", Text),
    Column("session", Text),
    Column("model_requested", Text, nullable=False),
    Column("model_resolved", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("upstream_protocol", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("stream", Boolean, nullable=False),
    Column("attempts", Text, nullable=False),
    Column("first_byte_seconds", Double),
    Column("duration_seconds", Double),
    Column("request_bytes", BigInteger, nullable=False),
    Column("response_bytes", BigInteger, nullable=False),
    Column("status", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("stop_reason", Text),
    Column("input_tokens", BigInteger),
    Column("output_tokens", BigInteger),
    Column("cache_read_tokens", BigInteger, nullable=False),
    Column("cache_write_tokens", BigInteger, nullable=False),
    Column("cache_write_1h_tokens", BigInteger, nullable=False),
    Column("reasoning_tokens", BigInteger, nullable=False),
    Column("tool_input_tokens", BigInteger, nullable=False),
    Column("audio_input_tokens", BigInteger, nullable=False),
    Column("audio_output_tokens", BigInteger, nullable=False),
    Column("image_input_tokens", BigInteger, nullable=False),
    Column("image_output_tokens", BigInteger, nullable=False),
    Column("accepted_prediction_tokens", BigInteger, nullable=False),
    Column("rejected_prediction_tokens", BigInteger, nullable=False),
    Column("web_searches", BigInteger, nullable=False),
    Column("service_tier", Text),
    Column("cost", Double),
    Column("error_kind", Text),
    Column("error_message", Text),
    Column("upstream_request_id", Text),
    Column("notes", Text, nullable=False),
    Column("stored_bytes", BigInteger, nullable=False),
    Column("account_label", Text, nullable=False, server_default=""),
    Column("owner", Text, nullable=False, server_default=""),
)
Index("exchanges_by_time", exchanges.c.started_at, exchanges.c.id, exchanges.c.stored_bytes)
Index("exchanges_by_principal", exchanges.c.principal_id, exchanges.c.started_at, exchanges.c.id)
Index("exchanges_by_model", exchanges.c.model_resolved, exchanges.c.started_at, exchanges.c.id)
Index("exchanges_by_provider", exchanges.c.provider, exchanges.c.started_at, exchanges.c.id)
Index("exchanges_by_outcome", exchanges.c.outcome, exchanges.c.started_at, exchanges.c.id)

stored_responses = Table(
    "stored_responses",
    metadata,
    Column("id", Text, primary_key=True),
    Column("principal_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("background", Boolean, nullable=False),
    Column("runner", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("expires_at", Double),
    Column("request", Text, nullable=False),
    Column("response", Text, nullable=False),
)
Index("stored_responses_by_expiry", stored_responses.c.expires_at)
Index("stored_responses_by_status", stored_responses.c.status, stored_responses.c.runner)

response_events = Table(
    "response_events",
    metadata,
    Column("response_id", Text, ForeignKey("stored_responses.id", ondelete="CASCADE"), primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("event", Text, nullable=False),
)

key_values = Table(
    "key_values",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

counters = Table(
    "counters",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

changes = Table(
    "changes",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("revision", BigInteger, nullable=False),
)

exchange_bodies = Table(
    "exchange_bodies",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", Double, nullable=False),
    Column("request", LargeBinary),
    Column("response", LargeBinary),
    Column("stored_bytes", BigInteger, nullable=False),
)
Index("exchange_bodies_by_time", exchange_bodies.c.at, exchange_bodies.c.id, exchange_bodies.c.stored_bytes)

usage_buckets = Table(
    "usage_buckets",
    metadata,
    Column("bucket", BigInteger, primary_key=True, autoincrement=False),
    Column("account", Text, primary_key=True),
    Column("principal_id", Text, primary_key=True),
    Column("model_requested", Text, primary_key=True),
    Column("model_resolved", Text, primary_key=True),
    Column("account_label", Text, nullable=False),
    Column("requests", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cache_read_tokens", BigInteger, nullable=False),
    Column("cache_write_tokens", BigInteger, nullable=False),
    Column("reasoning_tokens", BigInteger, nullable=False),
    Column("cost", Double, nullable=False),
    Column("unpriced", BigInteger, nullable=False),
)
"""What was used in each quarter of an hour (`bucket`: its beginning, Unix seconds): every time zone's hours are made of
those. `unpriced` counts requests whose cost nobody knows."""

accounts = Table(
    "accounts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("label", Text, nullable=False, unique=True),
    Column("provider", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text),
    Column("api", Text),
    Column("base_url", Text),
    Column("secret", Text),
    Column("models", Text, nullable=False),
    Column("weight", Double, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("plan", Text),
    Column("limits", Text, nullable=False),
    Column("disabled_reason", Text),
    Column("disabled_at", Double),
    Column("paused_reason", Text),
    Column("paused_at", Double),
    Column("protected_models", Text, nullable=False),
    Column("quota", Text),
    Column("extra", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("last_used_at", Double),
)
"""`secret` is encrypted. `models`, `limits`, `protected_models`, `quota` and `extra` are JSON."""

account_locks = Table(
    "account_locks",
    metadata,
    Column("account_id", Text, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("model", Text, primary_key=True),
    Column("until", Double, nullable=False),
    Column("reason", Text, nullable=False),
    Column("failures", BigInteger, nullable=False),
    Column("failed_at", Double, nullable=False),
)
"""Accounts that a vendor asked to wait, by model; the empty model means all of them."""

device_profiles = Table(
    "device_profiles",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("label", Text, nullable=False),
    Column("profile", Text, nullable=False),
    Column("is_current", Boolean, nullable=False),
    Column("created_at", Double, nullable=False),
)
Index("device_profiles_by_account", device_profiles.c.account_id, device_profiles.c.created_at)

budget_counters = Table(
    "budget_counters",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("window", Text, primary_key=True),
    Column("used", Double, nullable=False),
    Column("reserved", Double, nullable=False),
)
"""`window` names the day (`2026-11-29`), the month (`2026-11`) or `total`. `unit` as in `core.budgets`."""

budget_reservations = Table(
    "budget_reservations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("runner", Text, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("lines", Text, nullable=False),
    Column("returned", Boolean, nullable=False, server_default=false()),
)
"""`id` is the exchange's. `lines` is JSON: what was reserved of which counters. `returned`: it was given back because its
process died; should the exchange turn up after all, in a spool, it is still charged."""
Index("budget_reservations_by_expiry", budget_reservations.c.expires_at)
