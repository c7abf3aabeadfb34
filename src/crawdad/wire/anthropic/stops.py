"""Why an answer ended, both ways."""

from __future__ import annotations

from typing import Any

from crawdad.core.events import Stop, StopReason
from crawdad.core.parts import JsonObject

_READ: dict[str, StopReason] = {
    "end_turn": "end",
    "max_tokens": "max_tokens",
    "stop_sequence": "stop_sequence",
    "tool_use": "tool_use",
    "pause_turn": "pause",
    "compaction": "pause",  # the context was compacted; send the answer back to go on
    "refusal": "refusal",
    "model_context_window_exceeded": "context_window",
}

WORDS: dict[StopReason, str] = {
    "end": "end_turn",
    "max_tokens": "max_tokens",
    "stop_sequence": "stop_sequence",
    "tool_use": "tool_use",
    "refusal": "refusal",
    "content_filter": "refusal",
    "pause": "pause_turn",
    "context_window": "model_context_window_exceeded",
    "malformed_tool_call": "end_turn",
    "error": "end_turn",
    "other": "end_turn",
}


def stop_reason(raw: object) -> StopReason:
    """The reason that the vendor's word means."""
    return _READ.get(raw, "other") if isinstance(raw, str) else "other"


def read_stop(source: JsonObject, called: bool) -> Stop:
    """The stop in a message or in the `delta` of `message_delta`. `called` tells whether a tool was called.

    Some compatible vendors leave `stop_reason` null; then the answer itself tells.
    """
    raw = source.get("stop_reason")
    if not isinstance(raw, str):
        return Stop("tool_use" if called else "end")
    sequence, details = source.get("stop_sequence"), source.get("stop_details")
    return Stop(
        stop_reason(raw),
        raw,
        sequence if isinstance(sequence, str) else None,
        details if isinstance(details, dict) else None,
    )


def write_stop(stop: Stop, *, native: bool, called: bool, refused: bool) -> JsonObject:
    """The three stop fields. `native`: the answer was spoken in this protocol, so the vendor's own word is kept.

    Elsewhere calling a tool or declining need not be the reason an answer ends; here clients rely on it.
    """
    if native:
        word = stop.raw or WORDS[stop.reason]
    elif refused and stop.reason == "end":
        word = "refusal"
    elif called and stop.reason in ("end", "other"):
        word = "tool_use"
    else:
        word = WORDS[stop.reason]
    details: Any = stop.details if native else None
    return {"stop_reason": word, "stop_sequence": stop.sequence, "stop_details": details}
