"""`agents.*`, `bindings[]`, `messages.*`: the agents and what they run on."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from crawdad.core.heartbeat_settings import HeartbeatSettings
from crawdad.core.section import Section


class ModelChoice(Section):
    """A model by name (`provider/model` or an alias), and those to try when it fails."""

    primary: str | None = None
    fallbacks: tuple[str, ...] = ()


def _to_choice(value: Any) -> Any:
    return {"primary": value} if isinstance(value, str) else value


ModelChoiceValue = Annotated[ModelChoice, BeforeValidator(_to_choice)]
"""In the file a name alone will do."""


class AgentDefaults(Section):
    """`agents.defaults.*`: what holds for every agent that says nothing else."""

    model: ModelChoiceValue = ModelChoice()
    workspace: str | None = None
    heartbeat: HeartbeatSettings = HeartbeatSettings()


class AgentEntry(Section):
    """`agents.list[]`: one agent."""

    id: str
    default: bool = False
    name: str | None = None
    workspace: str | None = None
    model: ModelChoiceValue | None = None


class AgentsSettings(Section):
    """`agents.*`."""

    defaults: AgentDefaults = AgentDefaults()
    entries: tuple[AgentEntry, ...] = Field((), alias="list")
