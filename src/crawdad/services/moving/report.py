"""What a move came to, thing by thing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from crawdad.core.parts import JsonObject
from crawdad.core.text import Language, Text

Kind = Literal[
    "configuration",
    "variable",
    "credential",
    "workspace",
    "session",
    "job",
    "device",
    "skill",
    "approval",
    "person",
    "other",
]
Outcome = Literal["brought", "there", "left", "failed"]
"""`brought`: it is here now (in a dry run: it would be); `there`: it was here before; `left`: not for us to bring, or not
wanted; `failed`: it should have come and did not."""


@dataclass(frozen=True, slots=True)
class Step:
    """What became of one thing. `note` says why, or what to know about it."""

    kind: Kind
    name: str
    outcome: Outcome
    note: Text | str | None = None

    def told(self, language: Language) -> str:
        """The note in words; empty without one."""
        return self.note.render(language) if isinstance(self.note, Text) else self.note or ""

    def document(self, language: Language) -> JsonObject:
        """As JSON."""
        told: JsonObject = {"kind": self.kind, "name": self.name, "outcome": self.outcome}
        return told if self.note is None else {**told, "note": self.told(language)}


@dataclass(slots=True)
class Report:
    """All steps so far. `hear` is told of each as it is done."""

    hear: Callable[[Step], None] = lambda _: None
    steps: list[Step] = field(default_factory=list)

    def add(self, kind: Kind, name: str, outcome: Outcome, note: Text | str | None = None) -> None:
        """Note a step."""
        step = Step(kind, name, outcome, note)
        self.steps.append(step)
        self.hear(step)

    def counts(self) -> dict[str, dict[str, int]]:
        """How many of each kind came to what."""
        found: dict[str, Counter[str]] = {}
        for step in self.steps:
            found.setdefault(step.kind, Counter())[step.outcome] += 1
        return {kind: dict(counted) for kind, counted in found.items()}

    @property
    def failed(self) -> bool:
        """Whether something that should have come did not."""
        return any(step.outcome == "failed" for step in self.steps)
