"""Agents made after the template of an expert."""

from __future__ import annotations

from dataclasses import dataclass

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.experts import ExpertTemplate, ExpertTemplates
from crawdad.core.text import Language, Text
from crawdad.services.agents.administration import AgentAdministration
from crawdad.services.agents.roster import Agent


@dataclass(frozen=True, slots=True)
class ExpertOrder:
    """An agent that is wanted. `model` is a name as the settings have it (empty: that of all agents); `soul` and `identity`
    stand in place of the template's texts where they are not empty."""

    agent_id: str
    language: Language
    model: str = ""
    soul: str = ""
    identity: str = ""


async def expert(templates: ExpertTemplates, expert_id: str) -> ExpertTemplate:
    """A template by its id. Raises NOT_FOUND."""
    found = next((each for each in await templates.all() if each.id == expert_id), None)
    if found is None:
        words = Text("experts.unknown", {"id": expert_id[:80]})
        raise GatewayError(ErrorKind.NOT_FOUND, words, {"code": "expert_not_found", "param": "expertId"})
    return found


async def hire(administration: AgentAdministration, template: ExpertTemplate, order: ExpertOrder) -> Agent:
    """Make the agent, whole or not at all. Raises what `AgentAdministration.create` does."""
    words = template.words(order.language)
    entry = {"emoji": template.emoji, **({"model": order.model} if order.model else {})}
    files = {
        "SOUL.md": order.soul or words.soul,
        "IDENTITY.md": order.identity or template.identity(order.language),
        "TOOLS.md": words.tools,
        "MEMORY.md": words.memory,
    }
    return await administration.create(words.name, entry, order.language, order.agent_id, files)
