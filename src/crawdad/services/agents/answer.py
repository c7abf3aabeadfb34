"""A model's answer within a turn while it grows."""

from __future__ import annotations

from dataclasses import dataclass, field

from crawdad.core.events import MessageEnd
from crawdad.core.parts import Part, TextPart
from crawdad.core.response import Growing


@dataclass(slots=True)
class Answer:
    """What the model has said so far in this step."""

    parts: dict[int, Growing] = field(default_factory=dict)
    complete: set[int] = field(default_factory=set)
    end: MessageEnd | None = None

    @property
    def whole(self) -> list[Part]:
        """The parts that may be kept: text even when it was cut, calls and thinking only when complete."""
        return [
            part
            for index, part in sorted((index, growing.part) for index, growing in self.parts.items())
            if index in self.complete or (isinstance(part, TextPart) and part.text)
        ]
