"""Skills that people call for by name: `/weather Berlin`, `/skill weather Berlin`. Pure.

A command is a skill's name in small letters, with `_` for whatever is neither letter nor digit; the name itself is understood
too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from crawdad.services.skills.head import body_of
from crawdad.services.skills.skill import Skill

_LONGEST = 32
_MOST_CHARACTERS = 50_000
_SAID = re.compile(r"(?:\[[^\]\n]{1,40}\]\s)?/([a-z0-9][a-z0-9_.-]{0,63})(?:\s+(.*))?\Z", re.DOTALL | re.IGNORECASE)
"""A command; the time may stand before it, as chats put it there."""
_OTHER = re.compile(r"[^a-z0-9]+")
RESERVED = frozenset(
    (
        *(
            "help",
            "commands",
            "skill",
            "status",
            "allowlist",
            "approve",
            "context",
            "whoami",
            "subagents",
            "config",
            "debug",
        ),
        *("usage", "stop", "restart", "activation", "send", "reset", "new", "compact", "think", "verbose", "reasoning"),
        *("elevated", "exec", "model", "models", "queue", "bash", "tts", "kill", "steer", "abort"),
    )
)
"""Commands of the chat itself: a skill of that name is called by `/skill`."""


@dataclass(frozen=True, slots=True)
class Called:
    """The skill that a message calls for, and the words behind it."""

    skill: Skill
    words: str


def command_of(skill: Skill) -> str:
    """The command of a skill."""
    return _OTHER.sub("_", skill.head.name.lower()).strip("_")[:_LONGEST].strip("_")


def commands_of(skills: Iterable[Skill]) -> dict[str, Skill]:
    """The skills that people may call for now, by command; of two with one command the first has it."""
    found: dict[str, Skill] = {}
    for skill in skills:
        command = command_of(skill)
        if skill.hindrance is None and skill.head.user_invocable and command not in RESERVED:
            found.setdefault(command, skill)
    return found


def is_command(message: str) -> bool:
    """Whether a message has the form of a command."""
    return _SAID.match(message.strip()) is not None


def called_in(message: str, skills: Iterable[Skill]) -> Called | None:
    """What a message calls for; None: no skill that people may call for."""
    said = _SAID.match(message.strip())
    if said is None:
        return None
    name, words = said[1].lower(), (said[2] or "").strip()
    if name == "skill":
        name, _, words = words.partition(" ")
        name = name.lower()
    elif name in RESERVED:
        return None
    usable = [skill for skill in skills if skill.hindrance is None and skill.head.user_invocable]
    by_name = {skill.head.name.lower(): skill for skill in usable}
    skill = by_name.get(name) or commands_of(usable).get(_OTHER.sub("_", name).strip("_"))
    return None if skill is None else Called(skill, words.strip())


def instructions(called: Called, text: str) -> str:
    """What the model is told beside the message. `text` is the skill's SKILL.md."""
    skill = called.skill
    body = body_of(text)
    cut = len(body) > _MOST_CHARACTERS
    lines = [
        f'[The person called for the skill "{skill.head.name}". Follow its instructions for this message; what they said '
        f"behind the command is: {called.words or '(nothing)'}",
        f"Paths within the skill are relative to {skill.folder}.",
    ]
    if skill.head.command_tool:
        lines.append(f"The work itself is done by the tool {skill.head.command_tool}, called with those words.")
    if cut:
        lines.append("The instructions are cut here; the tool `skill` reads all of them.")
    return "\n".join([*lines, "The instructions:]", "", body[:_MOST_CHARACTERS].strip()])
