"""What is particular about tables when rows of two ages are laid over each other.

A row that permits something must not come back because its withdrawal could not be read; what was derived from rows is derived
anew."""

from __future__ import annotations

from crawdad.store.tables import metadata

PERMITS = frozenset(
    (
        *("devices", "device_tokens", "device_requests", "approvals", "approval_grants", "mcp_tools"),
        *("channel_people", "channel_pairings", "tickets"),
    )
)
"""Rows that let somebody do something. One of which it cannot be told whether it was withdrawn since is left out: whoever had
it asks again."""
KEYS, KEYS_TOPIC = "api_keys", "keys"
"""Keys are as dangerous, and asking again is not so easy. They tell of their changes under that topic: where there was none
since, they hold."""
DECIDING = ("api_keys", "key_values")
"""Without these nobody knows who may come in: an installation that has lost them looks like one that nobody has owned yet."""
LAST = (
    *(
        "exchanges",
        "exchange_bodies",
        "exchange_kinds",
        "usage_buckets",
        "usage_totals",
        "session_texts",
        "memory_vectors",
    ),
    *("activity", "health_samples", "response_events", "agent_run_events"),
)
"""Large, or to be had again: read after all others, should the time not suffice."""
STRICTER = {
    "api_keys": (
        "UPDATE api_keys SET revoked_at = (SELECT b.revoked_at FROM aside.before b WHERE b.id = api_keys.id) "
        "WHERE revoked_at IS NULL AND id IN (SELECT id FROM aside.before WHERE revoked_at IS NOT NULL)",
    ),
    "device_tokens": (
        "UPDATE device_tokens SET revoked_at = (SELECT b.revoked_at FROM aside.before b WHERE b.serial = device_tokens.serial) "
        "WHERE revoked_at IS NULL AND serial IN (SELECT serial FROM aside.before WHERE revoked_at IS NOT NULL)",
    ),
    "budget_counters": (
        "UPDATE budget_counters SET used = max(used, coalesce((SELECT b.used FROM aside.before b WHERE "
        'b.subject = budget_counters.subject AND b.unit = budget_counters.unit AND b."window" = budget_counters."window"), 0))',
    ),
    "key_values": ("INSERT OR IGNORE INTO key_values SELECT * FROM aside.before WHERE key LIKE 'panel.ended:%'",),
}
"""What the older of two sources forbids stays forbidden; `aside.before` is the table as it stood in the snapshot."""
DERIVED = (
    "UPDATE session_logs SET last_sequence = l.most, last_id = l.id FROM (SELECT session_id, max(sequence) AS most, id "
    "FROM session_lines GROUP BY session_id) AS l WHERE l.session_id = session_logs.session_id AND last_sequence < l.most",
    "UPDATE exchange_totals SET sequence = max(sequence, (SELECT coalesce(max(sequence), 0) FROM exchanges)), "
    "exchanges = (SELECT count(*) FROM exchanges WHERE sequence <> 0), "
    "errors = (SELECT count(*) FROM exchanges WHERE sequence <> 0 AND NOT status BETWEEN 200 AND 399), "
    "stored_bytes = (SELECT coalesce(sum(stored_bytes), 0) FROM exchanges WHERE sequence <> 0)",
    "INSERT INTO session_search(session_search) VALUES ('rebuild')",
)

ORDER = sorted(metadata.sorted_tables, key=lambda table: LAST.index(table.name) if table.name in LAST else -1)
