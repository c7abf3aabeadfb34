"""What the model is shown of a session's log. Pure.

The log is never changed for it: what a compaction summed up, results that are shortened and calls whose results were lost
are so only in the view.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from crawdad.core.parts import CacheMarker, MediaPart, Message, Part, TextPart, ToolCallPart, ToolResultPart
from crawdad.core.sessions import LogEvent
from crawdad.services.agents.transcript import message_of, result_ids, role_of
from crawdad.services.estimate import estimate_text

SUMMARY = "[What was said before, in short]\n"
_LOST = (
    "[No result was recorded for this call: the turn was stopped or cut off. It may or may not have taken effect; look before "
    "you repeat it.]"
)
CHARACTERS_PER_TOKEN = 4


def messages_of(events: Iterable[LogEvent]) -> list[Message]:
    """The conversation: every call is followed by exactly one result."""
    found: list[Message] = []
    for event in events:
        if event.kind == "compaction":
            summary = str(event.data.get("summary", ""))
            if summary:
                found.append(Message("user", [TextPart(SUMMARY + summary)]))
        elif event.kind == "message":
            message = message_of(event.data)
            if message is not None and message.parts:
                found.append(message)
    return paired(found)


def paired(messages: Sequence[Message]) -> list[Message]:
    """`messages` with the results of each answer's calls right behind it, in the order of the calls."""
    shown: list[Message] = []
    position = 0
    while position < len(messages):
        message = messages[position]
        position += 1
        if message.role == "tool":
            continue  # its call is not in the view
        shown.append(message)
        calls = calls_of(message)
        if not calls:
            continue
        wanted = {call.id: call for call in calls}
        results: dict[str, ToolResultPart] = {}
        for later in messages[position:]:
            if later.role == "assistant":
                break
            for part in later.parts if later.role == "tool" else ():
                if isinstance(part, ToolResultPart) and part.call_id in wanted:
                    results.setdefault(part.call_id, part)
        parts: list[Part] = [results.get(call.id) or lost_result(call) for call in calls]
        shown.append(Message("tool", parts))
    return shown


def calls_of(message: Message) -> list[ToolCallPart]:
    """The tools that an answer calls."""
    if message.role != "assistant":
        return []
    return [part for part in message.parts if isinstance(part, ToolCallPart)]


def lost_result(call: ToolCallPart, words: str = _LOST) -> ToolResultPart:
    """What stands for a result that there is not."""
    return ToolResultPart(call.id, [TextPart(words)], call.name, True, call.custom)


def open_calls(events: Sequence[LogEvent]) -> list[ToolCallPart]:
    """The calls of the newest answer that have no result yet."""
    results: set[str] = set()
    for event in reversed(events):
        role = role_of(event)
        if role == "tool":
            results |= result_ids(event)
        elif role == "assistant":
            message = message_of(event.data)
            return [call for call in calls_of(message) if call.id not in results] if message else []
        elif role == "user":
            return []
    return []


def with_cache_marks(messages: Sequence[Message]) -> list[Message]:
    """Mark the end of the conversation so far, where a vendor wants to be told what to keep."""
    marked = list(messages)
    for index in range(len(marked) - 1, -1, -1):
        parts = marked[index].parts
        if parts and isinstance(parts[-1], (TextPart, MediaPart, ToolResultPart)):
            marked[index] = replace(marked[index], parts=[*parts[:-1], replace(parts[-1], cache=CacheMarker())])
            break
    return marked


def size_of(part: Part) -> int:
    """How many characters a part takes, about."""
    if isinstance(part, ToolResultPart):
        return sum(size_of(inner) for inner in part.content)
    if isinstance(part, ToolCallPart):
        return len(part.name) + len(part.arguments)
    if isinstance(part, MediaPart):
        return len(part.text) if part.text is not None else 4800
    return len(getattr(part, "text", "") or "")


def size_of_event(event: LogEvent) -> int:
    """How many tokens a line takes in a prompt, about."""
    if event.kind == "compaction":
        return estimate_text(str(event.data.get("summary", "")))
    message = message_of(event.data) if event.kind == "message" else None
    return 4 + sum(size_of(part) for part in message.parts) // CHARACTERS_PER_TOKEN if message is not None else 0
