"""Why an answer ended: `finish_reason` with everything that vendors put there."""

from __future__ import annotations

from typing import Any

from crawdad.core.events import Stop, StopReason
from crawdad.core.parts import JsonObject

_REASONS: dict[str, StopReason] = {
    "stop": "end",
    "eos": "end",
    "eos_token": "end",
    "end_turn": "end",
    "complete": "end",
    "completed": "end",
    "stop_sequence": "stop_sequence",
    "length": "max_tokens",
    "max_tokens": "max_tokens",
    "max_output_tokens": "max_tokens",
    "model_length": "context_window",  # Mistral
    "model_context_window_exceeded": "context_window",  # z.ai
    "tool_calls": "tool_use",
    "tool_call": "tool_use",
    "tool_use": "tool_use",
    "function_call": "tool_use",
    "refusal": "refusal",
    "content_filter": "content_filter",
    "content_filtered": "content_filter",
    "safety": "content_filter",
    "sensitive": "content_filter",  # z.ai
    "recitation": "content_filter",
    "pause_turn": "pause",
    "malformed_function_call": "malformed_tool_call",
    "error": "error",
    "abort": "error",  # vLLM
    "network_error": "error",  # z.ai
    "insufficient_system_resource": "error",  # DeepSeek
}

_WORDS: dict[StopReason, str] = {
    "end": "stop",
    "max_tokens": "length",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
    "content_filter": "content_filter",
    "pause": "stop",
    "context_window": "length",
    "malformed_tool_call": "stop",
    "error": "stop",
    "other": "stop",
}

_OWN = frozenset({"stop", "length", "tool_calls", "content_filter"})
_PLAIN: frozenset[StopReason] = frozenset({"end", "max_tokens", "tool_use", "content_filter"})


def read_stop(choice: JsonObject, called: bool, refused: bool) -> Stop:
    """The stop that a choice tells. `called`/`refused`: whether it held tool calls or a refusal, for vendors whose
    reason does not say so (OpenAI says `stop` when a forced tool was called or the model declined)."""
    word = choice.get("finish_reason")
    raw = word if isinstance(word, str) and word else None
    reason = _reason(raw)
    stop = Stop(reason, raw)
    sequence = choice.get("stop_reason")  # vLLM: the stop string, or the id of a stop token
    if reason == "end":
        if called:
            stop.reason = "tool_use"
        elif refused:
            stop.reason = "refusal"
        elif isinstance(sequence, str) and sequence:
            stop.reason, stop.sequence = "stop_sequence", sequence
    native = choice.get("native_finish_reason")
    if isinstance(native, str) and native:
        stop.details = {"native_finish_reason": native}
    return stop


def _reason(raw: str | None) -> StopReason:
    if raw is None:
        return "end"
    word = raw.lower()
    found = _REASONS.get(word)
    if found is None and "malformed_function_call" in word:  # Google says `function_call_filter: MALFORMED_…`
        return "malformed_tool_call"
    return found or "other"


def write_stop(stop: Stop, own: bool, refused: bool = False, legacy: bool = False) -> JsonObject:
    """The fields of a choice that tell `stop`. `own`: the answer came from this protocol, so its word is kept.

    `native_finish_reason` (OpenRouter's field) and `stop_reason` (vLLM's) are added where `finish_reason` has too few words.
    """
    word = _WORDS[stop.reason]
    if own and stop.raw in _OWN:
        word = stop.raw
    elif stop.reason == "refusal" and refused:
        word = "stop"
    if legacy and word == "tool_calls":
        word = "function_call"
    fields: JsonObject = {"finish_reason": word}
    native: Any = (stop.details or {}).get("native_finish_reason") if own else None
    if native:
        fields["native_finish_reason"] = native
    elif stop.reason not in _PLAIN and not (own and stop.raw == word):
        fields["native_finish_reason"] = stop.raw or stop.reason
    if stop.sequence is not None:
        fields["stop_reason"] = stop.sequence
    return fields
