"""Old results of tools, shortened in what the model is shown once its vendor's prompt cache has run out anyway. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from crawdad.core.agent_settings import PruningSettings
from crawdad.core.durations import seconds_of
from crawdad.core.parts import MediaPart, Message, Part, TextPart, ToolResultPart
from crawdad.core.patterns import matches
from crawdad.core.sessions import LogEvent
from crawdad.services.agents.view import CHARACTERS_PER_TOKEN, messages_of, size_of


def pruned(events: Sequence[LogEvent], settings: PruningSettings, window: int) -> list[Message]:
    """The conversation, with results of tools from before the last pause shortened, or left out where that does not suffice.

    A pause is as long as a vendor keeps a prompt in its cache: what is said before it has to be read anew in any case, and
    what was shown after it stays as it was, so that the cache holds until the next one.
    """
    messages = messages_of(events)
    settled = len(messages_of(events[: _last_pause(events, seconds_of(settings.ttl))]))
    return [*_shortened(messages[:settled], settings, window), *messages[settled:]]


def _last_pause(events: Sequence[LogEvent], seconds: float) -> int:
    """How many events lie before the last pause of at least so many seconds."""
    return next((i for i in range(len(events) - 1, 0, -1) if events[i].at - events[i - 1].at >= seconds), 0)


def _shortened(messages: Sequence[Message], settings: PruningSettings, window: int) -> list[Message]:
    most = window * CHARACTERS_PER_TOKEN
    total = sum(size_of(part) for message in messages for part in message.parts)
    assistants = [index for index, message in enumerate(messages) if message.role == "assistant"]
    keep = settings.keep_last_assistants
    if total < most * settings.soft_trim_ratio or len(assistants) <= keep:
        return list(messages)
    border = assistants[-keep] if keep else len(messages)
    shown = list(messages)
    old = [i for i in range(border) if shown[i].role == "tool"]
    for index in old:
        shown[index] = replace(shown[index], parts=[_trimmed(part, settings) for part in shown[index].parts])
    total = sum(size_of(part) for message in shown for part in message.parts)
    prunable = sum(size_of(part) for index in old for part in shown[index].parts)
    if not settings.hard_clear.enabled or prunable < settings.min_prunable_tool_chars:
        return shown
    for index in old:
        if total <= most * settings.hard_clear_ratio:
            break
        before = sum(size_of(part) for part in shown[index].parts)
        shown[index] = replace(shown[index], parts=[_cleared(part, settings) for part in shown[index].parts])
        total -= before - sum(size_of(part) for part in shown[index].parts)
    return shown


def _may_prune(part: ToolResultPart, settings: PruningSettings) -> bool:
    name = (part.name or "").lower()
    if any(matches(pattern.lower(), name) for pattern in settings.tools.deny):
        return False
    allow = settings.tools.allow
    return not allow or any(matches(pattern.lower(), name) for pattern in allow)


def _trimmed(part: Part, settings: PruningSettings) -> Part:
    if not isinstance(part, ToolResultPart) or not _may_prune(part, settings):
        return part
    text = "\n".join(inner.text for inner in part.content if isinstance(inner, TextPart))
    trim = settings.soft_trim
    if len(text) <= trim.max_chars or any(isinstance(inner, MediaPart) for inner in part.content):
        return part
    tail = text[len(text) - trim.tail_chars :] if trim.tail_chars else ""
    note = (
        f"[shortened: {trim.head_chars} characters of the beginning and {trim.tail_chars} of the end, of {len(text)}]"
    )
    return replace(part, content=[TextPart(f"{text[: trim.head_chars]}\n…\n{tail}\n{note}")])


def _cleared(part: Part, settings: PruningSettings) -> Part:
    if not isinstance(part, ToolResultPart) or not _may_prune(part, settings):
        return part
    return replace(part, content=[TextPart(settings.hard_clear.placeholder)])
