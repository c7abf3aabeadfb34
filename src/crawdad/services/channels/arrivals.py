"""Raw events as they are about to be kept: read by their channel, or put aside with the reason why they cannot be. Pure.

What was kept and cannot be read again would hold up its chat for ever: such an event is put aside as well.
"""

from __future__ import annotations

import hashlib
import re

import structlog

from crawdad.core.channels import Account, Channel, InboundMessage
from crawdad.core.parts import JsonObject
from crawdad.store.channel_rows import Arrival, dump, lane_of, message_of

_MOST_EVENT_BYTES = 1024 * 1024
_REQUESTS = "requests"
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
"""In JSON. PostgreSQL keeps no text with one."""

_log = structlog.get_logger(__name__)


def lane_for(message: InboundMessage) -> str:
    """The lane that a message is taken in: its chat's. Requests have one of their own: what they wait for holds up no chat."""
    return _REQUESTS if message.kind == "request" else lane_of(message.chat)


def arrival_of(account: Account, channel: Channel, event: JsonObject, made: str) -> Arrival | None:
    """An event as it is kept, under the row's id `made`; None: it is of no use to anybody."""
    try:
        message = channel.read(event)
        if message is None:
            return None
        text = dump(message)
        if len(text) > _MOST_EVENT_BYTES:
            raise ValueError("it is too large")
        message = message_of(_NUL.sub(r"\1\\ufffd", text))
        if not message.event_id:
            raise ValueError("it has no id")
    except Exception as error:  # a channel is other people's code, and its platform sends what it likes
        words = f"{type(error).__name__}: {error}"[:300]
        reason = words.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
        _log.warning("channel_event_unreadable", account=str(account), reason=reason)
        return _unreadable(made, event, reason)
    return Arrival(made, message.event_id, lane_for(message), message)


def _unreadable(made: str, event: JsonObject, reason: str) -> Arrival:
    try:
        text = dump(event)
    except TypeError:
        text = repr(event)
    mark = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    kept: JsonObject = event if len(text) <= _MOST_EVENT_BYTES else {"cut": text[:10_000]}
    try:
        dump(kept)
    except TypeError:
        kept = {"repr": repr(event)[:10_000]}
    return Arrival(made, f"unreadable:{mark}", "", None, kept, reason)
