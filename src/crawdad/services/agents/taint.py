"""What of a session came from outside, and what its turns may do in view of that. Pure.

There are two degrees. A turn is *untrusted* as soon as content from outside has come into it. A turn is *exposed* where such
content of an earlier turn stands in what the model is shown: its lines in the log say so, and a summary of such lines does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from crawdad.core.agents import RunOrder
from crawdad.core.parts import JsonObject, MediaPart
from crawdad.core.sessions import LogEvent
from crawdad.services.agents.transcript import role_of, text_of

SAID = "said"
"""In the `extra` of an order: the words of its newest message alone, where the parts hold more than that."""
TAINTED = "tainted"
EXPOSED = "exposed"
"""In the `extra` of an order: it comes with content from outside, or from a turn that sees some."""
_PEOPLE = ("client", "api", "channel")
_MARK: JsonObject = {"untrusted": True}
_LONGEST = 20_000
_PROMPT = re.compile(r"^\s*(?:\[[^\]]{0,60}\]\s+)?(?:\$ )?")
"""What may stand before a command on its line: the moment that some doors put before a message, a shell's prompt."""


_COMMAND = re.compile(r"\s*(?:\[[^\]]{0,60}\]\s+)?/(?:skill\s+)?\S+\s+(.*)\Z", re.DOTALL | re.IGNORECASE)
"""What stands behind the name of a skill that is called for."""


def is_tainted(order: RunOrder) -> bool:
    """Whether an order brings content from outside. What stands in a picture or a document was never typed by the user."""
    shown = any(isinstance(part, MediaPart) and part.kind != "audio" for part in order.parts)
    return order.untrusted or shown or bool(order.extra.get(TAINTED))


def with_mark(data: JsonObject, untrusted: bool) -> JsonObject:
    """A line's data, telling that it holds content from outside where it does."""
    return {**data, **_MARK} if untrusted else data


def is_outside(event: LogEvent) -> bool:
    """Whether a line holds content from outside. What tools answered in a log that was read from a file was not watched here:
    it may have come from anywhere."""
    return bool(event.data.get("untrusted")) or (not event.run_id and role_of(event) == "tool")


def holds_outside(events: Iterable[LogEvent]) -> bool:
    """Whether any of these lines does."""
    return any(is_outside(event) for event in events)


def unanswered(events: Sequence[LogEvent]) -> Sequence[LogEvent]:
    """The lines since the newest message to the agent: those of a turn that goes on with the results of the client's tools."""
    for index in range(len(events) - 1, -1, -1):
        if role_of(events[index]) == "user":
            return events[index:]
    return events


def typed_commands(orders: Iterable[RunOrder]) -> frozenset[str]:
    """The commands that the operator's own messages spell out: lines of their own, what stands behind
    a skill's name, and what stands between backticks."""
    found: set[str] = set()
    for order in orders:
        if order.untrusted or not order.sender.owner or order.origin not in _PEOPLE or order.depth:
            continue
        said = str(order.extra.get(SAID) or text_of(order.parts))[:_LONGEST]
        found.update(_PROMPT.sub("", line).strip() for line in said.splitlines())
        command = _COMMAND.match(said)
        if command:
            found.add(command[1].strip())
        found.update(piece.strip() for piece in said.split("`")[1::2])
    return frozenset(found - {""})
