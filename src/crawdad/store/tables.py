"""The tables, as the newest migration leaves them. Times are Unix seconds, JSON is text, counts are 64-bit."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    false,
    or_,
)

from crawdad.store import (  # noqa: F401 - the metadata is whole once they are read
    activity_tables,
    channel_tables,
    device_tables,
    door_tables,
    healing_tables,
    health_tables,
    memory_tables,
    notification_tables,
    run_tables,
    schedule_tables,
    session_tables,
    task_tables,
    tool_tables,
)
from crawdad.store.metadata import metadata as metadata

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
    Column("sequence", BigInteger, nullable=False, server_default="0"),
)
"""`sequence` numbers the rows in the order in which they became visible, from 1 on; 0 is a row that was there before rows were
numbered and has yet to be counted, -1 one that has been (see `store.usage.count_older`)."""
Index("exchanges_by_time", exchanges.c.started_at, exchanges.c.id, exchanges.c.stored_bytes)
Index("exchanges_by_principal", exchanges.c.principal_id, exchanges.c.started_at, exchanges.c.id)
Index("exchanges_by_model", exchanges.c.model_resolved, exchanges.c.started_at, exchanges.c.id)
Index("exchanges_by_provider", exchanges.c.provider, exchanges.c.started_at, exchanges.c.id)
Index("exchanges_by_outcome", exchanges.c.outcome, exchanges.c.started_at, exchanges.c.id)
Index("exchanges_by_sequence", exchanges.c.sequence)


def is_error_status(status: ColumnElement[int]) -> ColumnElement[bool]:
    """What the log calls an error: what is neither a success nor a redirect."""
    return or_(status < 200, status >= 400)


IS_ERROR = is_error_status(exchanges.c.status)
"""The index of the errors is used only by conditions in these very words."""
Index(
    "exchanges_of_errors",
    exchanges.c.started_at,
    exchanges.c.id,
    sqlite_where=IS_ERROR,
    postgresql_where=IS_ERROR,
)

exchange_totals = Table(
    "exchange_totals",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, nullable=False),
    Column("exchanges", BigInteger, nullable=False),
    Column("errors", BigInteger, nullable=False),
    Column("stored_bytes", BigInteger, nullable=False),
)
"""One row: the last number given to an exchange, and what the log holds, so that nobody need count millions of rows."""

exchange_kinds = Table(
    "exchange_kinds",
    metadata,
    Column("id", Text, primary_key=True),
    Column("method", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("model_requested", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("account_label", Text, nullable=False),
    Column("exchanges", BigInteger, nullable=False),
    Column("first_at", Double, nullable=False),
    Column("last_at", Double, nullable=False),
)
"""What the log's filter looks at, each combination once; `id` is a digest of it."""

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
    Column("origin", Text),
)
"""`origin` is what was said beside the body of a background request (JSON), so that another process can go on with it."""
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

rate_windows = Table(
    "rate_windows",
    metadata,
    Column("key", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("ends_at", Double, nullable=False),
)
Index("rate_windows_by_end", rate_windows.c.ends_at)

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
"""What was asked and answered; `id` is the exchange's. How the two are packed is `store.bodies`'s affair."""
Index("exchange_bodies_by_time", exchange_bodies.c.at, exchange_bodies.c.id, exchange_bodies.c.stored_bytes)

_APART = frozenset(
    {
        *("span", "bucket", "account", "principal_id", "model_requested", "model_resolved"),
        *("account_label", "principal_name", "owner"),
    }
)
usage_buckets = Table(
    "usage_buckets",
    metadata,
    Column("span", Integer, primary_key=True, autoincrement=False),
    Column("bucket", BigInteger, primary_key=True, autoincrement=False),
    Column("account", Text, primary_key=True),
    Column("principal_id", Text, primary_key=True),
    Column("model_requested", Text, primary_key=True),
    Column("model_resolved", Text, primary_key=True),
    Column("account_label", Text, nullable=False),
    Column("principal_name", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("requests", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cache_read_tokens", BigInteger, nullable=False),
    Column("cache_write_tokens", BigInteger, nullable=False),
    Column("reasoning_tokens", BigInteger, nullable=False),
    Column("cost", Double, nullable=False),
    Column("priced", BigInteger, nullable=False),
    Column("unpriced", BigInteger, nullable=False),
)
"""What was used, by the quarter of an hour, by the hour and by the day of UTC: `span` is the length in seconds, `bucket` the
beginning in Unix seconds. All three tell the same: long ranges are answered from few rows, and every time zone's hours and
days are made of whole quarters. `priced` and `unpriced` count the requests whose cost is known and those whose is not;
`failed` those that were not completed."""

usage_totals = Table(
    "usage_totals",
    metadata,
    Column("span", Integer, primary_key=True, autoincrement=False),
    Column("bucket", BigInteger, primary_key=True, autoincrement=False),
    *(Column(column.name, column.type, nullable=False) for column in usage_buckets.c if column.name not in _APART),
)
"""The same over all accounts, keys and models: one row a bucket, so that curves over months take milliseconds."""

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
