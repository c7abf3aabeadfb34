"""Templates of agents for a trade: who such an agent is, in both languages. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from crawdad.core.text import Language, Text

Category = Literal["technical", "creative", "selfmedia", "finance", "management", "legal", "education", "lifestyle"]


class ExpertWords(BaseModel):
    """An expert in one language. `soul` is Markdown, `description` one line, `bio` a few sentences in the first person."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=80)
    description: str = Field(min_length=1, max_length=200)
    bio: str = Field(min_length=1)
    skills: tuple[str, ...] = Field(min_length=1)
    soul: str = Field(min_length=1)
    tools: str = Field(min_length=1)
    """How such an agent uses its tools, Markdown."""
    memory: str = Field(min_length=1)
    """What its memory begins with: the headings of what is worth keeping, Markdown."""


class ExpertTemplate(BaseModel):
    """An expert. `id` is that of its file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9_]+$", max_length=64)
    emoji: str = Field(min_length=1, max_length=16)
    category: Category
    en: ExpertWords
    zh: ExpertWords

    def words(self, language: Language) -> ExpertWords:
        """The expert in a language; in English where the language is unknown."""
        return self.zh if language == "zh" else self.en

    def identity(self, language: Language) -> str:
        """The `IDENTITY.md` of such an agent."""
        words = self.words(language)
        values = {
            "name": words.name,
            "role": words.description,
            "emoji": self.emoji,
            "bio": words.bio,
            "skills": "\n".join(f"- [x] {skill}" for skill in words.skills),
        }
        return Text("experts.identity", values).render(language)


class ExpertTemplates(Protocol):
    """Where the templates are kept."""

    async def all(self) -> Sequence[ExpertTemplate]:
        """All of them, by id."""
