"""Google's finish reasons <-> why an answer stopped.

https://ai.google.dev/api/generate-content#FinishReason, with the reasons only Vertex has.
"""

from __future__ import annotations

from crawdad.core.events import Stop, StopReason

UNSPECIFIED = "FINISH_REASON_UNSPECIFIED"

_READ: dict[str, StopReason] = {
    "STOP": "end",
    "MAX_TOKENS": "max_tokens",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "LANGUAGE": "other",
    "OTHER": "other",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "MODEL_ARMOR": "content_filter",
    "MALFORMED_FUNCTION_CALL": "malformed_tool_call",
    "UNEXPECTED_TOOL_CALL": "malformed_tool_call",
    "TOO_MANY_TOOL_CALLS": "other",
    "MISSING_THOUGHT_SIGNATURE": "error",
    "MALFORMED_RESPONSE": "error",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
    "IMAGE_OTHER": "other",
    "NO_IMAGE": "other",
    "CONTINUATION": "pause",
}

WRITE: dict[StopReason, str] = {
    "end": "STOP",
    "max_tokens": "MAX_TOKENS",
    "stop_sequence": "STOP",
    "tool_use": "STOP",
    "refusal": "SAFETY",
    "content_filter": "SAFETY",
    "pause": "OTHER",
    "context_window": "MAX_TOKENS",
    "malformed_tool_call": "MALFORMED_FUNCTION_CALL",
    "error": "OTHER",
    "other": "OTHER",
}


def read_stop(raw: str, called_tools: bool, message: str | None) -> Stop:
    """The stop that finish reason `raw` tells. `message` is its explanation.

    Google says STOP after function calls too. A readable call of a function that was not declared is a call like any
    other: the client answers it, and the model goes on.
    """
    reason = _READ.get(raw, "other")
    if called_tools and (reason == "end" or raw == "UNEXPECTED_TOOL_CALL"):
        reason = "tool_use"
    return Stop(reason, raw, details={"finishMessage": message} if message else None)


def write_stop(stop: Stop, native: bool) -> str:
    """The finish reason for `stop`; `native`: the answer is Google's, so its own word is kept."""
    return stop.raw if native and stop.raw else WRITE[stop.reason]
