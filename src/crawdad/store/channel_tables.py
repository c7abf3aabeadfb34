"""Tables of channels: what came in, what goes out, who may write, what is known of chats."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, ForeignKey, Index, LargeBinary, Table, Text

from crawdad.store.metadata import metadata

channel_events = Table(
    "channel_events",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("position", BigInteger, nullable=False),
    Column("lane", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", BigInteger, nullable=False),
    Column("ready_at", Double, nullable=False),
    Column("message", Text, nullable=False),
    Column("raw", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("session_key", Text, nullable=False),
    Column("received_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Index("channel_events_by_state", "state", "channel", "account", "position"),
    Index("channel_events_by_position", "position"),
    Index("channel_events_by_time", "updated_at"),
)
"""What came in. `state` is waiting, ordered (an answer is on its way), done or dead; `message` and `raw` are JSON, emptied
once it is done: the row then only knows that it was there. `raw` is kept of what could not be read."""

channel_deliveries = Table(
    "channel_deliveries",
    metadata,
    Column("id", Text, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("channel", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("chat", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("reply_to", Text, nullable=False),
    Column("mention", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("covered", Text, nullable=False),
    Column("ready_at", Double, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Index("channel_deliveries_by_state", "state", "channel", "account", "position"),
    Index("channel_deliveries_by_position", "position"),
    Index("channel_deliveries_by_time", "updated_at"),
)
"""What goes out. `state` is growing (more may be said), open, parked, sent, failed or unknown. `covered` is the text that
the parts of one that grows hold."""

channel_parts = Table(
    "channel_parts",
    metadata,
    Column("delivery_id", Text, ForeignKey("channel_deliveries.id", ondelete="CASCADE"), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("buttons", Text, nullable=False),
    Column("media", Text, nullable=False),
    Column("data", LargeBinary),
    Column("attempts", BigInteger, nullable=False),
    Column("message_ids", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("sent_at", Double),
)
"""`state` is waiting, sending (it may be there), edit (there, with another text), sent, unknown or failed. `media` (JSON) says
what the file `data` is; the bytes go once it is sent."""

channel_chats = Table(
    "channel_chats",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("lane", Text, primary_key=True),
    Column("chat", Text, nullable=False),
    Column("reply_context", Text, nullable=False),
    Column("last_inbound_at", Double, nullable=False),
    Column("sent_since", BigInteger, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
)
"""`sent_since`: how many parts went out since somebody wrote."""

channel_messages = Table(
    "channel_messages",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("message_id", Text, primary_key=True),
    Column("lane", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("ours", Boolean, nullable=False),
    Column("sender_id", Text, nullable=False),
    Column("sender_name", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("pending", Boolean, nullable=False),
    Index("channel_messages_by_lane", "channel", "account", "lane", "pending", "at"),
    Index("channel_messages_by_time", "at"),
)
"""What was said, to be quoted. `pending`: said in a group and not shown to an agent yet."""

channel_pairings = Table(
    "channel_pairings",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("sender_id", Text, primary_key=True),
    Column("sender_name", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("chat", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("seen_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Index("channel_pairings_by_expiry", "expires_at"),
)

channel_people = Table(
    "channel_people",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("sender_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("owner", Boolean, nullable=False),
    Column("added_at", Double, nullable=False),
    Column("added_by", Text, nullable=False),
)
"""Who was let in, beside those that the settings name. `owner`: the account is theirs (they scanned the code)."""

channel_files = Table(
    "channel_files",
    metadata,
    Column("id", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("created_at", Double, nullable=False),
    Index("channel_files_by_time", "created_at"),
)
"""Files that came with events whose platform does not keep them."""
