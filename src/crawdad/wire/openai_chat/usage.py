"""Token counts as chat completions spell them: the prompt includes cached tokens, the completion includes reasoning.

Read besides OpenAI's own fields: `prompt_cache_hit_tokens` (DeepSeek), `cached_tokens` and `num_cached_tokens` beside the
totals (Moonshot, Mistral), `cost` and `server_tool_use_details` (OpenRouter), `cache_creation_input_tokens` (DashScope).
"""

from __future__ import annotations

from typing import Any

from crawdad.core.parts import JsonObject
from crawdad.core.usage import Usage
from crawdad.wire.fields import as_count

_TIERS = frozenset({"auto", "default", "flex", "scale", "priority", "fast"})
_FOREIGN_TIERS = {"standard": "default", "standard_only": "default"}

_DETAILS = (
    (
        "prompt_tokens_details",
        {
            "cached_tokens": "cache_read_tokens",
            "cache_write_tokens": "cache_write_tokens",
            "cache_creation_input_tokens": "cache_write_tokens",
            "audio_tokens": "audio_input_tokens",
            "image_tokens": "image_input_tokens",
        },
    ),
    (
        "completion_tokens_details",
        {
            "reasoning_tokens": "reasoning_tokens",
            "audio_tokens": "audio_output_tokens",
            "image_tokens": "image_output_tokens",
            "accepted_prediction_tokens": "accepted_prediction_tokens",
            "rejected_prediction_tokens": "rejected_prediction_tokens",
        },
    ),
    ("server_tool_use_details", {"web_search_requests": "web_searches"}),
)
_CACHED = ("prompt_cache_hit_tokens", "cached_tokens", "num_cached_tokens")


def read_usage(raw: Any) -> Usage:
    """The counts in a `usage` object; an empty `Usage` for anything else. Never raises."""
    usage = Usage()
    if not isinstance(raw, dict):
        return usage
    if raw.get("prompt_tokens") is not None:
        usage.input_tokens = as_count(raw["prompt_tokens"])
    if raw.get("completion_tokens") is not None:
        usage.output_tokens = as_count(raw["completion_tokens"])
    for details, fields in _DETAILS:
        for key, count in _details(raw, details).items():
            if count and key in fields:  # nearly all are zero nearly always: look at what is there, not for what may be
                setattr(usage, fields[key], as_count(count))
    if not usage.cache_read_tokens:
        usage.cache_read_tokens = next((as_count(raw[key]) for key in _CACHED if raw.get(key)), 0)
    cost = raw.get("cost")
    if isinstance(cost, (int, float)) and not isinstance(cost, bool) and 0 <= cost < 1e9:
        usage.cost = float(cost)
    _include_reasoning(usage, as_count(raw.get("total_tokens")))
    return usage


def _include_reasoning(usage: Usage, total: int) -> None:
    """Some vendors (xAI, Google) count thinking in the total but not in the completion; here it belongs to the output."""
    excess = total - usage.total_tokens
    if excess > 0 and usage.known and usage.reasoning_tokens in (0, excess):
        usage.output_tokens = (usage.output_tokens or 0) + excess
        usage.reasoning_tokens = excess


def usage_of(chunk: JsonObject) -> Usage | None:
    """The usage somewhere in a chunk or whole answer: at the top, in `x_groq` (Groq) or in a choice (Moonshot)."""
    raw = chunk.get("usage")
    if not raw:
        raw = _details(chunk, "x_groq").get("usage")
    if not raw:
        choices = chunk.get("choices")
        first = choices[0] if isinstance(choices, list) and choices else None
        raw = first.get("usage") if isinstance(first, dict) else None
    if not isinstance(raw, dict) or not raw:
        return None
    usage = read_usage(raw)
    tier = chunk.get("service_tier")
    if isinstance(tier, str) and tier:
        usage.service_tier = tier
    return usage


def write_usage(usage: Usage) -> JsonObject:
    """The `usage` object with every field that OpenAI always gives, and the rarer counts where there are any."""
    prompt = {"cached_tokens": usage.cache_read_tokens, "audio_tokens": usage.audio_input_tokens}
    if usage.cache_write_tokens:
        prompt["cache_write_tokens"] = usage.cache_write_tokens
    if usage.image_input_tokens:
        prompt["image_tokens"] = usage.image_input_tokens
    completion = {
        "reasoning_tokens": usage.reasoning_tokens,
        "audio_tokens": usage.audio_output_tokens,
        "accepted_prediction_tokens": usage.accepted_prediction_tokens,
        "rejected_prediction_tokens": usage.rejected_prediction_tokens,
    }
    if usage.image_output_tokens:
        completion["image_tokens"] = usage.image_output_tokens
    body: JsonObject = {
        "prompt_tokens": usage.input_tokens or 0,
        "completion_tokens": usage.output_tokens or 0,
        "total_tokens": usage.total_tokens,
        "prompt_tokens_details": prompt,
        "completion_tokens_details": completion,
    }
    if usage.web_searches:
        body["server_tool_use_details"] = {"web_search_requests": usage.web_searches}
    if usage.cost is not None:
        body["cost"] = usage.cost
    return body


def write_tier(tier: str | None) -> str | None:
    """A service tier in OpenAI's words; None where it has none, as its own clients know only these."""
    if tier in _TIERS:
        return tier
    return _FOREIGN_TIERS.get(tier or "")


def _details(source: JsonObject, key: str) -> JsonObject:
    value = source.get(key)
    return value if isinstance(value, dict) else {}
