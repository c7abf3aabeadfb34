"""The lines of a session's log that turns write, and what they read in them."""

from __future__ import annotations

from collections.abc import Iterable

from crawdad.core.parts import JsonObject, Message, Part, ToolCallPart, ToolResultPart
from crawdad.core.sessions import LogEvent
from crawdad.services.sessions.transcript import message_of, read_parts, text_of, write_message, write_parts

__all__ = [
    "assistant_line",
    "call_ids",
    "message_of",
    "read_parts",
    "result_ids",
    "result_line",
    "role_of",
    "text_of",
    "user_line",
    "write_parts",
]


def user_line(parts: Iterable[Part]) -> JsonObject:
    """The data of a message to the agent."""
    return {"message": write_message(Message("user", list(parts)))}


def assistant_line(parts: Iterable[Part]) -> JsonObject:
    """The data of what the agent's model said."""
    return {"message": write_message(Message("assistant", list(parts)))}


def result_line(part: ToolResultPart, details: JsonObject | None = None) -> JsonObject:
    """The data of what a tool answered."""
    line: JsonObject = {"message": write_message(Message("tool", [part]))}
    return {**line, "details": details} if details else line


def role_of(event: LogEvent) -> str:
    """Who speaks in a line (user, assistant, tool); empty where nobody does."""
    message = event.data.get("message") if event.kind == "message" else None
    role = str(message.get("role", "")) if isinstance(message, dict) else ""
    return "tool" if role == "toolResult" else role


def _parts(event: LogEvent) -> list[Part]:
    message = message_of(event.data)
    return message.parts if message is not None else []


def result_ids(event: LogEvent) -> set[str]:
    """The calls that a line holds the results of."""
    if role_of(event) != "tool":
        return set()
    return {part.call_id for part in _parts(event) if isinstance(part, ToolResultPart)}


def call_ids(event: LogEvent) -> set[str]:
    """The calls that are made in a line."""
    if role_of(event) != "assistant":
        return set()
    return {part.id for part in _parts(event) if isinstance(part, ToolCallPart)}
