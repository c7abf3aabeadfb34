"""Commands in chats: what is one, and who may give it. Pure; they are carried out in `command_answers`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Name = Literal[
    "help", "status", "whoami", "new", "stop", "compact", "model", "think", "queue", "activation", "send", "approve"
]
STOP_PHRASES = frozenset(("/stop", "/abort", "stop", "abort", "esc", "exit", "interrupt", "wait"))
"""What stops an agent, said alone."""
_NAMES: dict[str, Name] = {
    "help": "help",
    "commands": "help",
    "start": "help",
    "status": "status",
    "whoami": "whoami",
    "id": "whoami",
    "new": "new",
    "reset": "new",
    "stop": "stop",
    "abort": "stop",
    "compact": "compact",
    "model": "model",
    "think": "think",
    "thinking": "think",
    "t": "think",
    "queue": "queue",
    "activation": "activation",
    "send": "send",
    "approve": "approve",
}
OWNER_ONLY: frozenset[Name] = frozenset(("approve", "send", "activation", "model", "queue"))
"""What only the operator may do: it reaches beyond the conversation, or costs."""
_COMMAND = re.compile(r"/([a-z]{1,20})(?:@([\w.-]{1,64}))?(?:\s*:)?(?:\s+(.*))?$", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Command:
    """A command and what follows it."""

    name: Name
    argument: str = ""


def command_in(text: str, triggers: Sequence[str], *, group: bool) -> Command | None:
    """The command that a message is. `triggers` begin a conversation anew (`session.resetTriggers`). In groups the plain words
    that stop an agent are just words."""
    bare = text.strip()
    for trigger in triggers:
        head, rest = bare[: len(trigger)], bare[len(trigger) :]
        if trigger and head.lower() == trigger.lower() and (not rest or rest[0].isspace()):
            return Command("new", rest.strip())
    if bare.lower() in STOP_PHRASES and not (group and not bare.startswith("/")):
        return Command("stop")
    found = _COMMAND.match(bare)
    name = _NAMES.get(found[1].lower()) if found else None
    if found is None or name is None:
        return None
    return Command(name, (found[3] or "").strip())


def may_give(command: Command, *, owner: bool, listed: bool, direct: bool) -> bool:
    """Whether somebody who may chat may give a command. `listed`: `commands.allowFrom` names them."""
    if owner:
        return True
    return command.name not in OWNER_ONLY and (listed or direct)
