"""What a turn that another process takes up had told of its answer: how much of it stands. Pure.

What the log holds stands; what was told behind it broke off with the process, and is asked of the model anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crawdad.core.agents import RunEvent
from crawdad.core.parts import JsonObject, TextPart
from crawdad.core.sessions import LogEvent
from crawdad.services.agents.flushing import FLUSHED
from crawdad.services.agents.transcript import message_of, role_of


@dataclass(frozen=True, slots=True)
class Standing:
    """`kept` characters of what was told stand; `missing` stands in the log and was not told yet."""

    kept: int
    missing: str = ""


def standing(told: Iterable[RunEvent], own: Sequence[LogEvent]) -> Standing:
    """What stands of the words that were `told`, as the turn's `own` lines in the log have it."""
    words = "".join(str(event.data.get("delta") or "") for event in told if event.kind == "assistant")
    answers = [answer for event in own if (answer := _answer(event))]
    at = 0
    for number, answer in enumerate(answers):
        begin = at
        if not words.startswith(answer, begin):  # an empty answer was told, but not kept
            begin += len(words[at:]) - len(words[at:].lstrip())
        if words.startswith(answer, begin):
            at = begin + len(answer)
        elif number == len(answers) - 1 and answer.startswith(words[at:]) and not _is_silent(own):
            return Standing(len(words), answer[len(words) - at :])
    return Standing(at)


def voided(told: Iterable[RunEvent], kept: int) -> list[tuple[int, JsonObject]]:
    """The events whose words do not all stand, by number, with their data saying so."""
    found: list[tuple[int, JsonObject]] = []
    at = 0
    for event in told:
        if event.kind != "assistant":
            continue
        length = len(str(event.data.get("delta") or ""))
        at += length
        void = min(length, at - kept)
        if void > int(event.data.get("void") or 0):
            found.append((event.number, {**event.data, "void": void}))
    return found


def _answer(event: LogEvent) -> str:
    message = message_of(event.data) if role_of(event) == "assistant" else None
    return "".join(part.text for part in message.parts if isinstance(part, TextPart)) if message else ""


def _is_silent(own: Sequence[LogEvent]) -> bool:
    """Whether answers among these may be such as nobody is shown."""
    return any(event.kind == "custom" and event.data.get("customType") == FLUSHED for event in own)
