"""Orders as they are kept until their turn comes, and again after a restart."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import TypeAdapter

from crawdad.core.agents import RunOrder
from crawdad.core.identity import Principal
from crawdad.core.parts import JsonObject, ToolResultPart
from crawdad.core.request import ResponseFormat, Sampling, Tool, ToolChoice
from crawdad.core.sessions import Route
from crawdad.core.tools import Sender
from crawdad.core.usage import Usage
from crawdad.services.agents.transcript import read_parts, write_parts

_PLAIN = (
    *("agent_id", "session_key", "origin", "extra_system", "model", "thinking", "timeout_seconds", "steps", "money"),
    *("idempotency_key", "channel", "untrusted", "marked", "prompt_mode", "light", "fresh", "context_messages"),
    *("queue_mode", "depth", "parent_run_id", "title", "client_address", "language", "extra"),
)
_TYPED: dict[str, Any] = {
    "principal": Principal,
    "client_tools": list[Tool],
    "tool_choice": ToolChoice | None,
    "sampling": Sampling | None,
    "response_format": ResponseFormat | None,
    "sender": Sender,
    "route": Route | None,
}


def route_json(route: Route | None) -> JsonObject | None:
    """A way to people, to be kept."""
    found: JsonObject | None = _adapter("route").dump_python(route, mode="json")
    return found


def route_of(kept: JsonObject | None) -> Route | None:
    """The way that was kept."""
    found: Route | None = _adapter("route").validate_python(kept)
    return found


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(_TYPED[name])


_usage = TypeAdapter(Usage)


def order_json(order: RunOrder) -> JsonObject:
    """The order, to be kept."""
    kept: JsonObject = {name: getattr(order, name) for name in _PLAIN}
    for name in _TYPED:
        kept[name] = _adapter(name).dump_python(getattr(order, name), mode="json")
    kept["parts"] = write_parts(order.parts)
    kept["tool_results"] = [
        {
            "call_id": result.call_id,
            "name": result.name,
            "is_error": result.is_error,
            "content": write_parts(result.content),
        }
        for result in order.tool_results
    ]
    return kept


def order_of(kept: JsonObject) -> RunOrder:
    """The order that was kept."""
    values = {name: kept[name] for name in _PLAIN if name in kept}
    for name in _TYPED:
        values[name] = _adapter(name).validate_python(kept[name])
    values["parts"] = read_parts(kept["parts"])
    values["tool_results"] = [
        ToolResultPart(result["call_id"], read_parts(result["content"]), result["name"], result["is_error"])
        for result in kept["tool_results"]
    ]
    return RunOrder(**values)


def usage_json(usage: Usage) -> JsonObject:
    """Token counts, to be kept."""
    found: JsonObject = _usage.dump_python(usage, exclude_defaults=True)
    return found


def usage_of(kept: JsonObject) -> Usage:
    """Token counts that were kept."""
    return _usage.validate_python(kept)


def add_usage(total: Usage, more: Usage) -> None:
    """Add what another call used."""
    for name in (
        *("cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens", "reasoning_tokens", "tool_input_tokens"),
        *("audio_input_tokens", "audio_output_tokens", "image_input_tokens", "image_output_tokens", "web_searches"),
    ):
        setattr(total, name, getattr(total, name) + getattr(more, name))
    for name in ("input_tokens", "output_tokens"):
        found = getattr(more, name)
        if found is not None:
            setattr(total, name, (getattr(total, name) or 0) + found)
