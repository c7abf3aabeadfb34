"""How agents are named where models are: `openclaw`, `openclaw:<id>`, `openclaw/<id>`, `agent:<id>`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from crawdad.core.agent_settings import AgentsSettings
from crawdad.core.sessions import MAIN_AGENT, normalise_agent_id

AGENT_PROVIDER = "openclaw"
"""The provider that agents are listed under."""
DEFAULT_AGENT = "default"
"""Stands for the agent that the configuration makes the default one."""
_NAME = re.compile(r"(?:openclaw[:/]|agent:)([a-z0-9][a-z0-9_-]{0,63})", re.IGNORECASE)


def agent_in(model: str) -> str | None:
    """The agent that a model's name means; None where it means no agent."""
    bare = model.strip()
    if bare.lower() == AGENT_PROVIDER:
        return DEFAULT_AGENT
    found = _NAME.fullmatch(bare)
    return found[1].lower() if found else None


def agent_model(agent_id: str) -> str:
    """The full name, as it stands in lists of models."""
    return f"{AGENT_PROVIDER}/{agent_id}"


def configured_agents(settings: AgentsSettings) -> Iterator[tuple[str, str]]:
    """The configured agents, each with the name it shows; `main` where there are none."""
    if not settings.entries:
        yield MAIN_AGENT, MAIN_AGENT
    for entry in settings.entries:
        agent_id = normalise_agent_id(entry.id)
        yield agent_id, entry.name or agent_id


def default_agent(settings: AgentsSettings) -> str:
    """Who answers where nobody is named: the one marked as default, else the first."""
    chosen = next((entry for entry in settings.entries if entry.default), None)
    return normalise_agent_id(chosen.id) if chosen else next(configured_agents(settings))[0]
