"""The agents there are, out of the settings. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crawdad.core.agent_settings import AgentDefaults, AgentEntry, AgentsSettings, AgentSubagents, Binding
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.sessions import MAIN_AGENT, normalise_agent_id
from crawdad.core.settings import Settings
from crawdad.core.text import Text
from crawdad.services.agents.bindings import Place, bound_agent
from crawdad.services.configuration.workspaces import place_of


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent. `model` and `fallbacks` are names as the settings have them; None: whatever there is."""

    id: str
    name: str
    workspace: Path
    defaults: AgentDefaults
    is_default: bool = False
    emoji: str = ""
    theme: str = ""
    avatar: str = ""
    model: str | None = None
    fallbacks: tuple[str, ...] = ()
    subagents: AgentSubagents = field(default_factory=AgentSubagents)


@dataclass(frozen=True, slots=True)
class Roster:
    """All agents, the default one first."""

    agents: Mapping[str, Agent]
    default: Agent
    bindings: Sequence[Binding] = ()

    def get(self, agent_id: str) -> Agent:
        """An agent by its id; an empty one names the default. Raises NOT_FOUND naming those that there are."""
        wanted = normalise_agent_id(agent_id) if agent_id.strip() else self.default.id
        found = self.agents.get(wanted)
        if found is None:
            words = Text("agents.unknown", {"agent": agent_id[:80], "known": ", ".join(self.agents)})
            raise GatewayError(ErrorKind.NOT_FOUND, words, {"code": "agent_not_found", "param": "agentId"})
        return found

    def at(self, place: Place) -> Agent:
        """Who answers a message that comes from `place`."""
        wanted = bound_agent(self.bindings, place)
        return self.default if wanted is None else self.agents.get(normalise_agent_id(wanted), self.default)


def build_roster(settings: Settings, home: Path) -> Roster:
    """The agents that `settings` name. Where they name none there is one, `main`."""
    agents = settings.agents
    entries = agents.entries or (AgentEntry(id=MAIN_AGENT, default=True),)
    chosen = next((entry for entry in entries if entry.default), entries[0])
    found: dict[str, Agent] = {}
    for entry in (chosen, *(entry for entry in entries if entry is not chosen)):
        agent = _agent(entry, agents, entry is chosen, home)
        found.setdefault(agent.id, agent)
    return Roster(found, next(iter(found.values())), settings.bindings)


def _agent(entry: AgentEntry, agents: AgentsSettings, is_default: bool, home: Path) -> Agent:
    agent_id = normalise_agent_id(entry.id)
    defaults, own = agents.defaults, entry.model
    choice = defaults.model
    identity = entry.identity
    return Agent(
        id=agent_id,
        name=identity.name or entry.name or agent_id,
        workspace=_workspace(
            entry.workspace or (defaults.workspace if is_default else None), agent_id, is_default, home
        ),
        defaults=defaults,
        is_default=is_default,
        emoji=identity.emoji or "",
        theme=identity.theme or "",
        avatar=identity.avatar or "",
        model=(own.primary if own else None) or choice.primary,
        fallbacks=own.fallbacks if own and "fallbacks" in own.model_fields_set else choice.fallbacks,
        subagents=entry.subagents,
    )


def _workspace(written: str | None, agent_id: str, is_default: bool, home: Path) -> Path:
    if not written:
        return home / ("workspace" if is_default else f"workspace-{agent_id}")
    return place_of(written, home)
