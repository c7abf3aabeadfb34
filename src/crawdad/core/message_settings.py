"""`messages.*`, `commands.*`: what happens to messages that come while an agent is at work, in groups, and to commands."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from crawdad.core.channel_settings import Ids
from crawdad.core.section import Section


def _to_mode(value: Any) -> Any:
    return "steer-backlog" if value == "steer+backlog" else value


class QueueSettings(Section):
    """`messages.queue.*`."""

    mode: Annotated[
        Literal["steer", "followup", "collect", "steer-backlog", "queue", "interrupt"], BeforeValidator(_to_mode)
    ] = "collect"
    debounce_ms: int = Field(1000, ge=0)
    debounce_ms_by_channel: dict[str, int] = Field(default_factory=dict)
    cap: int = Field(20, gt=0)
    drop: Literal["old", "new", "summarize"] = "summarize"


class GroupChatSettings(Section):
    """`messages.groupChat.*`."""

    mention_patterns: tuple[str, ...] = ()
    """Regular expressions; a message of a group that one of them is found in speaks to the agent. Unset: the agent's name."""
    history_limit: int = Field(50, ge=0)


class MessagesSettings(Section):
    """`messages.*`."""

    queue: QueueSettings = QueueSettings()
    group_chat: GroupChatSettings = GroupChatSettings()
    response_prefix: str = ""
    """Stands before every answer in a channel."""


class CommandsSettings(Section):
    """`commands.*`: messages that begin with `/` and are for the gateway."""

    text: bool = True
    owner_allow_from: Ids = ()
    """Who is the operator in channels: `<channel>:<id>`, or an id alone."""
    allow_from: dict[str, Ids] = Field(default_factory=dict)
    """Who else may give commands, by channel (`*`: any)."""
