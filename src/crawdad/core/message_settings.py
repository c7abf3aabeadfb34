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


class InboundSettings(Section):
    """`messages.inbound.*`: several messages of one sender become one turn when they come in quick succession."""

    debounce_ms: int = Field(0, ge=0, le=60_000)
    by_channel: dict[str, int] = Field(default_factory=dict)
    """The same by channel."""

    def seconds(self, channel: str) -> float:
        """How long the next message of a sender is waited for."""
        return min(max(self.by_channel.get(channel, self.debounce_ms), 0), 60_000) / 1000


class GroupChatSettings(Section):
    """`messages.groupChat.*`."""

    mention_patterns: tuple[str, ...] = ()
    """Regular expressions; a message of a group that one of them is found in speaks to the agent. Unset: the agent's name."""
    history_limit: int = Field(50, ge=0)


class MessagesSettings(Section):
    """`messages.*`."""

    queue: QueueSettings = QueueSettings()
    inbound: InboundSettings = InboundSettings()
    group_chat: GroupChatSettings = GroupChatSettings()
    response_prefix: str = ""
    """Stands before every answer in a channel."""
    ack_reaction: str = ""
    """An emoji that is put to a message once it is taken; empty: none."""
    ack_reaction_scope: Literal["group-mentions", "group-all", "direct", "all", "off", "none"] = "group-mentions"
    remove_ack_after_reply: bool = False


class CommandsSettings(Section):
    """`commands.*`: messages that begin with `/` and are for the gateway."""

    text: bool = True
    owner_allow_from: Ids = ()
    """Who is the operator in channels: `<channel>:<id>`, or an id alone."""
    allow_from: dict[str, Ids] = Field(default_factory=dict)
    """Who else may give commands, by channel (`*`: any)."""
