"""Why an answer ended: the protocol says it with a status, and a reason where the answer is incomplete."""

from __future__ import annotations

from typing import Any, Literal

from crawdad.core.events import Stop, StopReason

ResponseStatus = Literal["queued", "in_progress", "completed", "incomplete", "failed", "cancelled"]

_UNFINISHED: dict[str, ResponseStatus] = {"queued": "queued", "in_progress": "in_progress", "cancelled": "cancelled"}
_REASONS: dict[str, StopReason] = {"max_output_tokens": "max_tokens", "content_filter": "content_filter"}

_STATUS: dict[StopReason, tuple[ResponseStatus, str | None]] = {
    "end": ("completed", None),
    "stop_sequence": ("completed", None),
    "tool_use": ("completed", None),
    "max_tokens": ("incomplete", "max_output_tokens"),
    "context_window": ("incomplete", "max_output_tokens"),
    "content_filter": ("incomplete", "content_filter"),
    "refusal": ("incomplete", "content_filter"),
    "pause": ("incomplete", None),
    "other": ("incomplete", None),
    "malformed_tool_call": ("failed", None),
    "error": ("failed", None),
}


def read_stop(status: Any, details: Any, called: bool, refused: bool) -> Stop:
    """The stop that `status` and `incomplete_details` tell of an answer that holds a tool call or a refusal."""
    if status == "incomplete":
        reason = details.get("reason") if isinstance(details, dict) else None
        raw = reason if isinstance(reason, str) else None
        return Stop(_REASONS.get(raw or "", "other"), raw)
    if isinstance(status, str) and status in _UNFINISHED:
        return Stop("other", status)
    return Stop("tool_use" if called else "refusal" if refused else "end", "completed")


def write_stop(stop: Stop, own: bool, refused: bool) -> tuple[ResponseStatus, str | None]:
    """`(status, incomplete reason)`. `refused`: the answer holds the model's own words of refusal, so it is complete.

    A refusal without words means that the vendor stopped the answer: the protocol calls that a content filter. A model
    that wrote an unreadable tool call has failed, so that clients try again.
    """
    if own and stop.reason == "other" and stop.raw is not None:
        unfinished = _UNFINISHED.get(stop.raw)
        return (unfinished, None) if unfinished is not None else ("incomplete", stop.raw)
    if stop.reason == "refusal" and refused:
        return "completed", None
    return _STATUS[stop.reason]
