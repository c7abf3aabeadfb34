"""`session.*`: how long a conversation lasts and who shares one; `gateway.restApi.*`; what agents may do with sessions."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from crawdad.core.section import Section

ChatType = Literal["direct", "group", "channel", "dm"]


class SessionResetSettings(Section):
    """`session.reset`, `session.resetByType.*`, `session.resetByChannel.*`: when a conversation begins anew by itself."""

    mode: Literal["daily", "idle"] = "daily"
    at_hour: int = Field(4, ge=0, le=23)
    idle_minutes: int | None = Field(None, gt=0)


class SessionResetByTypeSettings(Section):
    """`session.resetByType.*`: those that are set count instead of `session.reset`."""

    direct: SessionResetSettings = SessionResetSettings()
    dm: SessionResetSettings = SessionResetSettings()
    group: SessionResetSettings = SessionResetSettings()
    thread: SessionResetSettings = SessionResetSettings()


class SendMatch(Section):
    """`session.sendPolicy.rules[].match`: what a rule is about; what is left out matches everything."""

    channel: str | None = None
    chat_type: ChatType | None = None
    key_prefix: str | None = None
    raw_key_prefix: str | None = None


class SendRule(Section):
    """`session.sendPolicy.rules[]`."""

    action: Literal["allow", "deny"]
    match: SendMatch = SendMatch()


class SendPolicySettings(Section):
    """`session.sendPolicy.*`: where agents may send to."""

    default: Literal["allow", "deny"] = "allow"
    rules: tuple[SendRule, ...] = ()


class AgentToAgentSettings(Section):
    """`session.agentToAgent.*`."""

    max_ping_pong_turns: int = Field(5, ge=0, le=5)


def _to_text(value: Any) -> Any:
    return f"{value:g}d" if isinstance(value, int | float) and not isinstance(value, bool) else value


Age = Annotated[str, BeforeValidator(_to_text), Field(pattern=r"^\d{1,9}(\.\d+)?\s*(ms|s|m|h|d|w)?$")]
"""A length of time such as `30d`; a number alone is in days."""


class SessionMaintenanceSettings(Section):
    """`session.maintenance.*`: how many sessions are listed, and for how long."""

    mode: Literal["warn", "enforce"] = "warn"
    prune_after: Age = "30d"
    max_entries: int = Field(500, gt=0)
    reset_archive_retention: Age | Literal[False] = False


class SessionSettings(Section):
    """`session.*`."""

    scope: Literal["per-sender", "global"] = "per-sender"
    dm_scope: Literal["main", "per-peer", "per-channel-peer", "per-account-channel-peer"] = "main"
    identity_links: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    idle_minutes: int | None = Field(None, gt=0)
    reset_triggers: tuple[str, ...] = ("/new", "/reset")
    reset: SessionResetSettings = SessionResetSettings()
    reset_by_type: SessionResetByTypeSettings = SessionResetByTypeSettings()
    reset_by_channel: dict[str, SessionResetSettings] = Field(default_factory=dict)
    send_policy: SendPolicySettings = SendPolicySettings()
    agent_to_agent: AgentToAgentSettings = AgentToAgentSettings()
    maintenance: SessionMaintenanceSettings = SessionMaintenanceSettings()


class SessionToolsSettings(Section):
    """`tools.sessions.*`: which sessions an agent sees from one of them."""

    visibility: Literal["self", "tree", "agent", "all"] = "tree"


class AgentToAgentToolsSettings(Section):
    """`tools.agentToAgent.*`: whether agents may talk to each other, and which."""

    enabled: bool = False
    allow: tuple[str, ...] = ()


Limit = Annotated[int | None, Field(gt=0)]


class RestApiSettings(Section):
    """`gateway.restApi.*`: `/api/v1`, and what one key may use of it in a minute."""

    requests_per_minute: Limit = 60
    tokens_per_minute: Limit = 1_000_000
    context_tokens_per_minute: Limit = 200_000
