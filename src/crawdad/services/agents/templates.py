"""What stands in the files of a new workspace."""

from __future__ import annotations

from collections.abc import Mapping

from crawdad.core.text import LANGUAGES, Language, Text

STANDARD = ("AGENTS.md", "SOUL.md", "TOOLS.md", "IDENTITY.md", "USER.md", "HEARTBEAT.md")
"""Files whose absence is worth a word."""
LIGHT = ("AGENTS.md", "TOOLS.md")
"""What sub-agents and jobs are given."""
MEMORY = ("MEMORY.md", "memory.md")
BOOTSTRAP = "BOOTSTRAP.md"


def templates(language: Language) -> Mapping[str, str]:
    """The text of each file, in the language of whoever has it made."""
    return {
        name: Text(f"workspace.{name.removesuffix('.md').lower()}").render(language) for name in (*STANDARD, BOOTSTRAP)
    }


def untouched() -> Mapping[str, tuple[str, ...]]:
    """What each file says where nobody has written into it, in whichever language it was made."""
    return {name: tuple(templates(language)[name] for language in LANGUAGES) for name in (*STANDARD, BOOTSTRAP)}
