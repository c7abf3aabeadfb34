"""What a client sends of a conversation, as an agent is told it: one text, for an agent keeps its history itself. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from crawdad.core.parts import MediaPart, Message, Part, TextPart, ToolResultPart
from crawdad.core.request import ModelRequest

HISTORY = "[Chat messages since your last reply - for context]"
CURRENT = "[Current message - respond to this]"
_RESPONSES = "openai-responses"


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that was said. `sender` is User, Assistant, Tool or Tool:<name>."""

    sender: str
    text: str
    media: tuple[MediaPart, ...] = ()
    result: ToolResultPart | None = None


@dataclass(slots=True)
class Conversation:
    """`entries` end with the one to be answered; `results` are the tool results at the very end, and `after` what the user
    said behind them."""

    entries: list[Entry] = field(default_factory=list)
    system: list[str] = field(default_factory=list)

    @property
    def results(self) -> list[ToolResultPart]:
        """The results that the client brings back in this request."""
        return [entry.result for entry in self._tail() if entry.result is not None]

    @property
    def after(self) -> list[Entry]:
        """What stands at the end besides them."""
        return [entry for entry in self._tail() if entry.result is None]

    def _tail(self) -> list[Entry]:
        """Everything after the last thing that the assistant said (or called)."""
        tail: list[Entry] = []
        for entry in reversed(self.entries):
            if entry.sender == "Assistant":
                break
            tail.insert(0, entry)
        first = next((number for number, entry in enumerate(tail) if entry.result is not None), len(tail))
        return tail[first:]


def conversation_of(request: ModelRequest) -> Conversation:
    """The conversation in `request`. Without anything to answer, `entries` is empty."""
    found = Conversation()
    for message in request.messages:
        if message.role in ("system", "developer"):
            text = text_of(message.parts)
            if text:
                found.system.append(text)
        else:
            found.entries += _entries(message, request.protocol)
    while found.entries and found.entries[-1].sender == "Assistant":
        found.entries.pop()
    if not any(entry.sender != "Assistant" for entry in found.entries):
        found.entries.clear()
    return found


def _entries(message: Message, protocol: str) -> Iterable[Entry]:
    for part in message.parts:
        if isinstance(part, ToolResultPart):
            name = part.call_id if protocol == _RESPONSES else part.name or message.name
            media = tuple(inner for inner in part.content if isinstance(inner, MediaPart))
            yield Entry(f"Tool:{name}" if name else "Tool", text_of(part.content), media, part)
    if message.role == "tool":
        return
    text = text_of(message.parts)
    media = tuple(part for part in message.parts if isinstance(part, MediaPart))
    if text or (media and message.role == "user"):
        yield Entry("Assistant" if message.role == "assistant" else "User", text, media)


def text_of(parts: Iterable[Part]) -> str:
    """The text in `parts`, a line each."""
    return "\n".join(part.text for part in parts if isinstance(part, TextPart) and part.text.strip())


def prompt_of(entries: list[Entry]) -> str:
    """One text out of everything: the bare words where there is but one message."""
    *earlier, current = entries
    if not earlier:
        return current.text
    lines = [HISTORY, *(f"{entry.sender}: {entry.text}" for entry in earlier if entry.text)]
    return "\n".join([*lines, "", CURRENT, f"{current.sender}: {current.text}"])
