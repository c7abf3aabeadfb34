"""Raw events as they are about to be kept: read by their channel, or put aside with the reason why they cannot be. Pure."""

from __future__ import annotations

import hashlib

import structlog

from crawdad.core.channels import Account, Channel, InboundMessage
from crawdad.core.parts import JsonObject
from crawdad.store.channel_rows import Arrival, dump, lane_of

_MOST_EVENT_BYTES = 1024 * 1024
_REQUESTS = "requests"

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
        if len(dump(message)) > _MOST_EVENT_BYTES:
            raise ValueError("it is too large")
        if not message.event_id:
            raise ValueError("it has no id")
    except Exception as error:  # a channel is other people's code, and its platform sends what it likes
        reason = f"{type(error).__name__}: {error}"[:300]
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
