"""The lines of a session's log that turns write, and what they read in them."""

from __future__ import annotations

from collections.abc import Iterable

from crawdad.core.exchange import Exchange
from crawdad.core.parts import JsonObject, Message, Part, ToolCallPart, ToolResultPart
from crawdad.core.sessions import LogEvent
from crawdad.core.usage import Usage
from crawdad.services.sessions.transcript import ids_in, message_of, read_parts, text_of, write_message, write_parts

__all__ = [
    "assistant_line",
    "call_ids",
    "command_line",
    "commanded",
    "message_of",
    "read_parts",
    "result_ids",
    "result_line",
    "results_of",
    "role_of",
    "stop_of",
    "text_of",
    "used_in",
    "user_line",
    "write_parts",
]


def user_line(parts: Iterable[Part]) -> JsonObject:
    """The data of a message to the agent."""
    return {"message": write_message(Message("user", list(parts)))}


def assistant_line(parts: Iterable[Part], stop: str, exchange: Exchange | None = None) -> JsonObject:
    """The data of what the agent's model said, why it ended, and what it took."""
    message = write_message(Message("assistant", list(parts))) | {"stopReason": stop}
    if exchange is not None:
        provider, _, model = exchange.model_resolved.partition("/")
        usage = exchange.usage
        cached, written = usage.cache_read_tokens, usage.cache_write_tokens
        message |= {
            "api": exchange.upstream_protocol,
            "provider": provider,
            "model": model,
            "usage": {
                "input": max(0, (usage.input_tokens or 0) - cached - written),
                "output": usage.output_tokens or 0,
                "cacheRead": cached,
                "cacheWrite": written,
                "totalTokens": usage.total_tokens,
                # What nobody knows the price of has not cost nothing: it is not told.
                **({} if exchange.cost is None else {"cost": {"total": exchange.cost}}),
            },
        }
    return {"message": message}


def command_line(call: ToolCallPart) -> JsonObject:
    """The data of a call that a person made by a skill's command: no model did."""
    return {**assistant_line([call], "toolUse"), "command": True}


def commanded(event: LogEvent) -> ToolCallPart | None:
    """The call in such a line."""
    message = message_of(event.data) if event.kind == "message" and event.data.get("command") else None
    return next((part for part in message.parts if isinstance(part, ToolCallPart)), None) if message else None


def stop_of(event: LogEvent) -> str:
    """Why an answer ended."""
    return str(event.data["message"].get("stopReason") or "") if role_of(event) == "assistant" else ""


def used_in(event: LogEvent) -> tuple[Usage, float]:
    """What an answer took: tokens, and money in dollars."""
    told = event.data["message"].get("usage") if role_of(event) == "assistant" else None
    if not isinstance(told, dict):
        return Usage(), 0.0
    cached, written = int(told.get("cacheRead") or 0), int(told.get("cacheWrite") or 0)
    cost = told.get("cost")
    usage = Usage(
        input_tokens=int(told.get("input") or 0) + cached + written,
        output_tokens=int(told.get("output") or 0),
        cache_read_tokens=cached,
        cache_write_tokens=written,
    )
    return usage, float(cost.get("total") or 0) if isinstance(cost, dict) else 0.0


def result_line(part: ToolResultPart, details: JsonObject | None = None) -> JsonObject:
    """The data of what a tool answered."""
    line: JsonObject = {"message": write_message(Message("tool", [part]))}
    return {**line, "details": details} if details else line


def role_of(event: LogEvent) -> str:
    """Who speaks in a line (user, assistant, tool); empty where nobody does."""
    message = event.data.get("message") if event.kind == "message" else None
    role = str(message.get("role", "")) if isinstance(message, dict) else ""
    return "tool" if role == "toolResult" else role


def result_ids(event: LogEvent) -> set[str]:
    """The calls that a line holds the results of."""
    if role_of(event) != "tool":
        return set()
    return set(ids_in(event.data["message"], "toolResult"))


def results_of(event: LogEvent, call_id: str) -> list[Part]:
    """What a call came to, where the line holds it."""
    message = message_of(event.data) if role_of(event) == "tool" else None
    for part in message.parts if message else ():
        if isinstance(part, ToolResultPart) and part.call_id == call_id:
            return part.content
    return []


def call_ids(event: LogEvent) -> set[str]:
    """The calls that are made in a line."""
    if role_of(event) != "assistant":
        return set()
    return set(ids_in(event.data["message"], "toolCall"))
