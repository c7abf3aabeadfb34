"""Compaction for models that know nothing of it: a client asks for its conversation in short, to go on with that instead.

Where client and upstream speak a protocol that has words for this, they settle it among themselves. Any other model is
asked for a summary in plain words, which the client's protocol then tells in its own form.
"""

from __future__ import annotations

from dataclasses import replace

from crawdad.core.events import PartDelta, PartStart, StreamEvent
from crawdad.core.parts import Message, RefusalPart, TextPart
from crawdad.core.request import ModelRequest, ToolChoice

_WISH = (
    "Write a summary of this conversation now. It will take the place of everything above, and whoever continues the work "
    "will know nothing else, so be complete: what was asked for and which wishes and limits hold; what was done, found out "
    "and decided, and why; names of files, commands, values and messages that matter, word for word; what is unfinished, "
    "and the next step. Answer with the summary alone, and call no tool."
)


def in_plain_words(request: ModelRequest) -> ModelRequest:
    """The same wish for a model that knows nothing of compaction."""
    if not request.compact:
        return request
    *before, last = request.messages
    spoken = [replace(last, parts=last.parts[:-1])] if len(last.parts) > 1 else []
    wish = Message("user", [TextPart(_WISH)])
    choice = ToolChoice("none") if request.tools else None
    return replace(request, messages=[*before, *spoken, wish], tool_choice=choice, response_format=None, compact=False)


class Summary:
    """Gathers the words of the answer that is a summary; whatever else the model told is left out."""

    def __init__(self) -> None:
        self._words: set[int] = set()
        self._pieces: list[str] = []

    def hear(self, event: StreamEvent) -> None:
        """Take in one event of the answer."""
        if isinstance(event, PartStart) and isinstance(event.part, (TextPart, RefusalPart)) and not event.choice:
            self._words.add(event.index)
            self._pieces.append(event.part.text)
        elif isinstance(event, PartDelta) and event.index in self._words:
            self._pieces.append(event.text)

    @property
    def text(self) -> str:
        """All that was said."""
        return "".join(self._pieces).strip()
