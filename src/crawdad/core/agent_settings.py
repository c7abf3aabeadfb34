"""`agents.*`, `bindings[]`: the agents and what they run on."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from crawdad.core.durations import seconds_of
from crawdad.core.heartbeat_settings import HeartbeatSettings
from crawdad.core.memory_settings import MemorySearchSettings
from crawdad.core.sandbox_settings import SandboxSettings
from crawdad.core.section import Section
from crawdad.core.tool_settings import AgentToolsSettings

ThinkingLevel = Literal["off", "minimal", "low", "medium", "high", "xhigh", "adaptive"]


class ModelChoice(Section):
    """A model by name (`provider/model` or an alias), and those to try when it fails."""

    primary: str | None = None
    fallbacks: tuple[str, ...] = ()


def _to_choice(value: Any) -> Any:
    return {"primary": value} if isinstance(value, str) else value


ModelChoiceValue = Annotated[ModelChoice, BeforeValidator(_to_choice)]
"""In the file a name alone will do."""


class ModelEntry(Section):
    """`agents.defaults.models.*`: a model that agents may be switched to."""

    alias: str | None = None
    params: dict[str, Any] = Field(default_factory=dict)
    """`temperature`, `topP` and `maxTokens` are read."""


class MemoryFlushSettings(Section):
    """`compaction.memoryFlush.*`: a silent step in which an agent may write down what it wants to keep."""

    enabled: bool = True
    soft_threshold_tokens: int = Field(4000, ge=0)
    prompt: str | None = None
    system_prompt: str | None = None


class CompactionSettings(Section):
    """`agents.defaults.compaction.*`."""

    mode: Literal["default", "safeguard", "off"] = "safeguard"
    reserve_tokens: int | None = Field(None, ge=0)
    reserve_tokens_floor: int = Field(20_000, ge=0)
    keep_recent_tokens: int = Field(20_000, gt=0)
    max_history_share: float = Field(0.5, ge=0.1, le=0.9)
    timeout_seconds: float = Field(120.0, gt=0)
    memory_flush: MemoryFlushSettings = MemoryFlushSettings()


class PrunedTools(Section):
    """Which tools' results may be shortened."""

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()


class SoftTrim(Section):
    """How a long result is shortened."""

    max_chars: int = Field(4000, ge=0)
    head_chars: int = Field(1500, ge=0)
    tail_chars: int = Field(1500, ge=0)


class HardClear(Section):
    """What stands in place of a result that is left out."""

    enabled: bool = True
    placeholder: str = "[Old tool result content cleared]"


def _is_duration(value: str) -> str:
    seconds_of(value)
    return value


class PruningSettings(Section):
    """`agents.defaults.contextPruning.*`: old results of tools are shortened in what the model is shown."""

    mode: Literal["off", "cache-ttl"] = "off"
    ttl: Annotated[str, AfterValidator(_is_duration)] = "5m"
    keep_last_assistants: int = Field(3, ge=0)
    soft_trim_ratio: float = Field(0.3, ge=0, le=1)
    hard_clear_ratio: float = Field(0.5, ge=0, le=1)
    min_prunable_tool_chars: int = Field(50_000, ge=0)
    tools: PrunedTools = PrunedTools()
    soft_trim: SoftTrim = SoftTrim()
    hard_clear: HardClear = HardClear()


class SubagentDefaults(Section):
    """`agents.defaults.subagents.*`."""

    max_concurrent: int = Field(8, gt=0)
    max_spawn_depth: int = Field(1, ge=1, le=5)
    max_children_per_agent: int = Field(5, ge=1, le=20)
    model: ModelChoiceValue | None = None
    thinking: ThinkingLevel | None = None
    run_timeout_seconds: float = Field(0, ge=0)


class AgentDefaults(Section):
    """`agents.defaults.*`: what holds for every agent that says nothing else."""

    model: ModelChoiceValue = ModelChoice()
    models: dict[str, ModelEntry] = Field(default_factory=dict)
    workspace: str | None = None
    skip_bootstrap: bool = False
    bootstrap_max_chars: int = Field(20_000, gt=0)
    bootstrap_total_max_chars: int = Field(150_000, gt=0)
    user_timezone: str | None = None
    context_tokens: int | None = Field(None, gt=0)
    thinking_default: ThinkingLevel | None = None
    timeout_seconds: float = Field(600, ge=0)
    max_concurrent: int = Field(256, gt=0)
    max_steps: int = Field(40, gt=0)
    max_turn_tokens: int | None = Field(None, gt=0)
    max_turn_cost: float | None = Field(None, gt=0)
    compaction: CompactionSettings = CompactionSettings()
    context_pruning: PruningSettings = PruningSettings()
    subagents: SubagentDefaults = SubagentDefaults()
    heartbeat: HeartbeatSettings = HeartbeatSettings()
    sandbox: SandboxSettings = SandboxSettings()
    memory_search: MemorySearchSettings = MemorySearchSettings()
    image_model: ModelChoiceValue = ModelChoice()
    """Which model looks at pictures."""
    image_generation_model: ModelChoiceValue = ModelChoice()
    """Which model draws them."""


class AgentIdentity(Section):
    """`agents.list[].identity.*`: how an agent presents itself."""

    name: str | None = None
    theme: str | None = None
    emoji: str | None = None
    avatar: str | None = None


class AgentSubagents(Section):
    """`agents.list[].subagents.*`."""

    allow_agents: tuple[str, ...] = ()
    """Which other agents it may have work done by; `*`: any."""
    model: ModelChoiceValue | None = None
    thinking: ThinkingLevel | None = None


class AgentEntry(Section):
    """`agents.list[]`: one agent."""

    id: str
    default: bool = False
    name: str | None = None
    workspace: str | None = None
    model: ModelChoiceValue | None = None
    identity: AgentIdentity = AgentIdentity()
    subagents: AgentSubagents = AgentSubagents()
    tools: AgentToolsSettings = AgentToolsSettings()
    sandbox: SandboxSettings | None = None
    heartbeat: HeartbeatSettings | None = None
    skills: tuple[str, ...] | None = None
    """Which skills it has. Unset: all."""
    memory_search: MemorySearchSettings | None = None


class RunKeeping(Section):
    """`agents.runs.*`: what is kept of turns that have ended; what was said in them stays in their sessions."""

    keep_days: float = Field(7.0, ge=0.05, le=3660)


class AgentsSettings(Section):
    """`agents.*`."""

    defaults: AgentDefaults = AgentDefaults()
    runs: RunKeeping = RunKeeping()
    entries: tuple[AgentEntry, ...] = Field((), alias="list")


class BoundPeer(Section):
    """`bindings[].match.peer.*`: one chat."""

    kind: Literal["direct", "group", "channel", "dm"]
    id: str


class BindingMatch(Section):
    """`bindings[].match.*`: which messages a binding is for."""

    channel: str
    account_id: str | None = None
    peer: BoundPeer | None = None
    guild_id: str | None = None
    team_id: str | None = None
    roles: tuple[str, ...] = ()


class Binding(Section):
    """`bindings[]`: which agent answers which messages of the channels."""

    agent_id: str
    comment: str | None = None
    match: BindingMatch
