"""Token counts: this protocol's `input_tokens` excludes what was read from and written to the cache; ours includes it.

In a stream `message_start` tells what is known of the input and `message_delta` repeats cumulative totals, some vendors
leaving out fields or sending zeros. Raw reports are therefore laid over each other first and converted once.
"""

from __future__ import annotations

from typing import Any

from crawdad.core.parts import JsonObject
from crawdad.core.usage import Usage
from crawdad.wire.fields import as_count, rest

_INPUT = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
_KNOWN = frozenset(
    {*_INPUT, "cache_creation", "output_tokens", "output_tokens_details", "server_tool_use", "service_tier"}
)
_TIERS = {"standard": "standard", "default": "standard", "priority": "priority", "batch": "batch"}


def overlay(earlier: JsonObject, later: Any) -> JsonObject:
    """One raw report made of two: what `later` says replaces what `earlier` said.

    A later report whose input counts are all zero knows nothing of the input and leaves the earlier counts alone.
    """
    if not isinstance(later, dict):
        return earlier
    fresh = {key: value for key, value in later.items() if value is not None}
    if not any(as_count(fresh.get(key)) for key in _INPUT):
        for key in _INPUT:
            if key in earlier:
                fresh.pop(key, None)
    if not as_count(fresh.get("output_tokens")) and "output_tokens" in earlier:
        fresh.pop("output_tokens", None)
    return {**earlier, **fresh}


def read_usage(raw: Any) -> Usage:
    """A raw report in our convention. Never raises."""
    if not isinstance(raw, dict):
        return Usage()
    read = as_count(raw.get("cache_read_input_tokens"))
    created = _object(raw, "cache_creation")
    long_lived = as_count(created.get("ephemeral_1h_input_tokens"))
    written = as_count(raw.get("cache_creation_input_tokens"))
    if not written:
        written = long_lived + as_count(created.get("ephemeral_5m_input_tokens"))
    fresh = as_count(raw.get("input_tokens"))
    told = raw.get("input_tokens") is not None or read or written
    tier = raw.get("service_tier")
    return Usage(
        input_tokens=fresh + read + written if told else None,
        output_tokens=as_count(raw["output_tokens"]) if raw.get("output_tokens") is not None else None,
        cache_read_tokens=read,
        cache_write_tokens=written,
        cache_write_1h_tokens=min(long_lived, written),
        reasoning_tokens=as_count(_object(raw, "output_tokens_details").get("thinking_tokens")),
        web_searches=as_count(_object(raw, "server_tool_use").get("web_search_requests")),
        service_tier=tier if isinstance(tier, str) else None,
    )


def usage_extra(raw: JsonObject) -> JsonObject:
    """What a raw report says beyond our vocabulary (`inference_geo`, `iterations`, counts of other server tools)."""
    extra = rest(raw, _KNOWN)
    tools = rest(_object(raw, "server_tool_use"), frozenset({"web_search_requests"}))
    if tools:
        extra["server_tool_use"] = tools
    return extra


def write_usage(usage: Usage, extra: JsonObject | None = None) -> JsonObject:
    """`usage` as this protocol counts. `extra` is what `usage_extra` kept of an answer that was spoken in it.

    The three input counts always add up to ours, even where an upstream reports more cached tokens than it read.
    """
    total = usage.input_tokens or 0
    read = min(usage.cache_read_tokens, total)
    written = min(usage.cache_write_tokens, total - read)
    raw: JsonObject = {
        "input_tokens": total - read - written,
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": max(written - usage.cache_write_1h_tokens, 0),
            "ephemeral_1h_input_tokens": min(usage.cache_write_1h_tokens, written),
        },
        "output_tokens": usage.output_tokens or 0,
    }
    if usage.reasoning_tokens:
        raw["output_tokens_details"] = {"thinking_tokens": usage.reasoning_tokens}
    tools = (extra or {}).get("server_tool_use")
    if usage.web_searches or tools:
        raw["server_tool_use"] = {"web_fetch_requests": 0, **(tools or {}), "web_search_requests": usage.web_searches}
    tier = _TIERS.get(usage.service_tier or "")
    if tier:
        raw["service_tier"] = tier
    if extra:
        raw.update((key, value) for key, value in extra.items() if key not in raw)
    return raw


def _object(source: JsonObject, key: str) -> JsonObject:
    value = source.get(key)
    return value if isinstance(value, dict) else {}
