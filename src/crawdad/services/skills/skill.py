"""A skill as it was found on the disk."""

from __future__ import annotations

from dataclasses import dataclass

from crawdad.core.text import Text
from crawdad.services.skills.head import SkillHead


@dataclass(frozen=True, slots=True)
class Skill:
    """A skill that was found. `hindrance` is why it is not used; None: it is."""

    head: SkillHead
    folder: str
    path: str
    source: str
    hindrance: Text | None = None
