"""Token counts. The protocol's convention is ours: input includes cached tokens, output includes reasoning."""

from __future__ import annotations

from typing import Any

from crawdad.core.parts import JsonObject
from crawdad.core.usage import Usage
from crawdad.wire.fields import as_count

TIERS = frozenset({"auto", "default", "flex", "scale", "priority", "fast", "ultrafast"})
"""The service tiers that the protocol knows."""


def _object(value: Any) -> JsonObject:
    return value if isinstance(value, dict) else {}


def read_usage(response: JsonObject) -> Usage:
    """The usage in a Response object; counts that make no sense are 0, absent usage is unknown. Never raises."""
    usage = response.get("usage")
    tier = response.get("service_tier")
    result = Usage(service_tier=tier if isinstance(tier, str) else None)
    result.web_searches = as_count(_object(_object(response.get("tool_usage")).get("web_search")).get("num_requests"))
    if not isinstance(usage, dict):
        return result
    inputs, outputs = _object(usage.get("input_tokens_details")), _object(usage.get("output_tokens_details"))
    result.input_tokens = as_count(usage.get("input_tokens"))
    result.output_tokens = as_count(usage.get("output_tokens"))
    result.cache_read_tokens = as_count(inputs.get("cached_tokens"))
    result.cache_write_tokens = as_count(inputs.get("cache_write_tokens"))
    by_lifetime = _object(inputs.get("cache_write_tokens_details"))
    result.cache_write_1h_tokens = as_count(by_lifetime.get("ttl_12h_tokens"))
    result.reasoning_tokens = as_count(outputs.get("reasoning_tokens"))
    return result


def write_usage(usage: Usage) -> JsonObject | None:
    """The `usage` object of a Response; None where nobody counted."""
    if not usage.known:
        return None
    inputs: JsonObject = {"cached_tokens": usage.cache_read_tokens, "cache_write_tokens": usage.cache_write_tokens}
    if usage.cache_write_1h_tokens:
        inputs["cache_write_tokens_details"] = {
            "ttl_30m_tokens": max(usage.cache_write_tokens - usage.cache_write_1h_tokens, 0),
            "ttl_12h_tokens": usage.cache_write_1h_tokens,
        }
    return {
        "input_tokens": usage.input_tokens or 0,
        "input_tokens_details": inputs,
        "output_tokens": usage.output_tokens or 0,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.total_tokens,
    }


def write_tool_usage(usage: Usage) -> JsonObject:
    """The `tool_usage` object: what server-side tools did. Image generation is not counted by us."""
    return {
        "image_gen": {
            "input_tokens": 0,
            "input_tokens_details": {"image_tokens": 0, "text_tokens": 0},
            "output_tokens": 0,
            "output_tokens_details": {"image_tokens": 0, "text_tokens": 0},
            "total_tokens": 0,
        },
        "web_search": {"num_requests": usage.web_searches},
    }
