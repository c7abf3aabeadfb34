"""What somebody typed: text for the agent, perhaps of several lines, or a command of the chat itself. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

OWN = ("help", "quit", "exit", "agents", "agent", "sessions", "session", "model", "think", "history", "stop")
"""Commands of the chat itself."""
PASSED_ON = ("new", "reset", "compact")
"""Commands that the gateway understands among what is said."""
FENCE = '"""'


class Typed(NamedTuple):
    """One entry. `command` is empty for something to be said; `unknown`: it looks like a command, and there is none."""

    text: str
    command: str = ""
    unknown: bool = False


def read_entry(first: str, more: Callable[[], str]) -> str:
    """The whole of an entry that begins with `first`: a line that ends in a backslash goes on, and so does what stands
    between lines of three quotation marks. `more` reads the next line."""
    if first.strip() == FENCE:
        lines = []
        while (line := more()).strip() != FENCE:
            lines.append(line)
        return "\n".join(lines)
    lines = [first]
    while lines[-1].endswith("\\"):
        lines[-1] = lines[-1][:-1]
        lines.append(more())
    return "\n".join(lines)


def understood(entry: str) -> Typed:
    """What an entry is. Two slashes at its beginning make a text of it that begins with one."""
    bare = entry.strip()
    if bare.startswith("//"):
        return Typed(bare[1:])
    if not bare.startswith("/"):
        return Typed(bare)
    word, _, rest = bare[1:].partition(" ")
    name = word.lower()
    if name in PASSED_ON:
        return Typed(bare)
    return Typed(rest.strip(), name) if name in OWN else Typed(bare, name, unknown=True)
