"""Which tools a turn has. Pure: settings and scope in, names out.

A tool must survive every step; a step only ever takes away. `alsoAllow` of a step widens what this very step allows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from crawdad.core.identity import Permission
from crawdad.core.patterns import matches
from crawdad.core.sessions import kind_of, rest_of
from crawdad.core.settings import Settings
from crawdad.core.tool_settings import AgentToolsSettings, Profile, ToolPolicySettings, ToolRules, ToolsSettings
from crawdad.core.tools import ToolDefinition, ToolScope

ALIASES = {"bash": "exec", "shell": "exec", "apply-patch": "apply_patch"}
_CORE_GROUPS = ("fs", "runtime", "web", "memory", "sessions", "automation", "messaging", "media", "nodes")
GROUPS = (*_CORE_GROUPS, "plugins")
PROFILES: dict[Profile, tuple[str, ...] | None] = {
    "minimal": ("session_status",),
    "coding": ("group:fs", "group:runtime", "group:sessions", "group:memory", "image"),
    "messaging": ("group:messaging", "sessions_list", "sessions_history", "sessions_send", "session_status"),
    "full": None,
}
"""None: everything."""

HTTP_DENY = (
    *("exec", "process", "spawn", "shell", "terminal", "portal", "computer", "mobile_ui", "nodes"),
    *("write", "edit", "apply_patch", "fs_write", "fs_delete", "fs_move"),
    *("sessions_spawn", "sessions_send", "subagents", "conversations_*", "cron", "automation*"),
    *("gateway", "plugins", "openclaw", "whatsapp_login", "*_login"),
)
"""What `/tools/invoke` leaves out unless `gateway.tools.allow` names it: what starts programs or agents, changes files or the
gateway."""
SUBAGENT_DENY = ("gateway", "agents_list", "whatsapp_login", "*_login", "session_status", "cron", "sessions_send")
"""What agents that other agents started never get, but for `tools.subagents.tools.alsoAllow`."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the policy. `allow` None: everything."""

    allow: tuple[str, ...] | None = None
    deny: tuple[str, ...] = ()


def effective(
    definitions: Iterable[ToolDefinition], scope: ToolScope, settings: Settings, *, sandboxed: bool = False
) -> list[ToolDefinition]:
    """The tools that are left, sorted by name: the order never depends on when a tool was registered."""
    steps = list(steps_of(scope, settings, sandboxed))
    operator = scope.sender.owner or (not scope.sender.id and Permission.AGENTS_MANAGE in scope.principal.permissions)
    kept = [
        definition
        for definition in definitions
        if (operator or not definition.owner_only) and all(survives(definition, step) for step in steps)
    ]
    return sorted(kept, key=lambda definition: definition.name)


def survives(definition: ToolDefinition, step: Step) -> bool:
    """Whether a step leaves a tool."""
    if _named(definition, step.deny):
        return False
    return step.allow is None or _named(definition, step.allow)


def _named(definition: ToolDefinition, patterns: Sequence[str]) -> bool:
    name, group = definition.name.lower(), definition.group.lower()
    for entry in patterns:
        pattern = entry.strip().lower()
        pattern = ALIASES.get(pattern, pattern)
        if pattern.startswith("group:"):
            if pattern == f"group:{group}" or (pattern == "group:openclaw" and group in _CORE_GROUPS):
                return True
        elif matches(pattern, name):
            return True
    return False


def steps_of(scope: ToolScope, settings: Settings, sandboxed: bool = False) -> Iterator[Step]:
    """The steps, in the order of the contract."""
    tools = settings.tools
    agent = agent_tools(settings, scope.agent_id)
    yield _profile(tools.profile, tools.also_allow)
    by_provider = _of_provider(tools.by_provider, scope)
    for rules in by_provider:
        yield _profile(rules.profile, rules.also_allow)
    yield _lists(tools)
    for rules in by_provider:
        yield _lists(rules)
    yield _profile(agent.profile, agent.also_allow)
    yield _lists(agent)
    for rules in _of_provider(agent.by_provider, scope):
        yield _profile(rules.profile, rules.also_allow)
        yield _lists(rules)
    yield from _of_people(scope, settings)
    yield Step(scope.allow, scope.deny)
    if scope.depth > 0 or kind_of(scope.session_key) == "subagent":
        inner = tools.subagents.tools
        yield Step(None, _without(SUBAGENT_DENY, inner.also_allow))
        yield _lists(inner)
    if sandboxed:
        yield _lists(tools.sandbox.tools)
        yield _lists(agent.sandbox.tools)
    if scope.surface == "http":
        door = settings.gateway.tools
        yield Step(None, (*_without(HTTP_DENY, door.allow), *door.deny))


def agent_tools(settings: Settings, agent_id: str) -> AgentToolsSettings:
    """What the settings say of one agent's tools."""
    for entry in settings.agents.entries:
        if entry.id.strip().lower() == agent_id:
            return entry.tools
    return AgentToolsSettings()


def _profile(profile: Profile | None, also: tuple[str, ...]) -> Step:
    allow = PROFILES[profile] if profile is not None else None
    return Step(None if allow is None else (*allow, *also))


def _lists(rules: ToolRules | ToolsSettings) -> Step:
    return Step((*rules.allow, *rules.also_allow) if rules.allow else None, rules.deny)


def _of_provider(by_provider: dict[str, ToolPolicySettings], scope: ToolScope) -> list[ToolPolicySettings]:
    """Entries name a provider or `provider/model`; the narrower one comes last."""
    wanted = (scope.provider.lower(), f"{scope.provider}/{scope.model}".lower())
    return [rules for name in wanted for key, rules in by_provider.items() if matches(key.lower(), name)]


def _of_people(scope: ToolScope, settings: Settings) -> Iterator[Step]:
    """Per sender (`id` or `channel:id`) and per group (what stands in the session's key behind the agent)."""
    sender = scope.sender.id.lower()
    if sender:
        for key, rules in settings.tools.by_sender.items():
            if any(matches(key.lower(), name) for name in (sender, f"{scope.channel}:{sender}".lower())):
                yield _lists(rules)
    rest = rest_of(scope.session_key).lower()
    for key, rules in settings.tools.by_group.items():
        if matches(key.lower(), rest):
            yield _lists(rules)


def _without(names: tuple[str, ...], allowed: Sequence[str]) -> tuple[str, ...]:
    """`names` but for those that were allowed by exactly their name or by a pattern that covers them."""
    freed = [ALIASES.get(entry.lower(), entry.lower()) for entry in allowed]
    return tuple(name for name in names if not any(matches(pattern, ALIASES.get(name, name)) for pattern in freed))
