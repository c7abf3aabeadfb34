"""`channels.*`: what every channel may be told, by OpenClaw's key names. Its own keys stand in a subclass."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from crawdad.core.section import Section

DmPolicy = Literal["pairing", "allowlist", "open", "disabled"]
GroupPolicy = Literal["allowlist", "open", "disabled"]
StreamingMode = Literal["off", "partial", "block", "progress"]
DEFAULT_ACCOUNT = "default"


def _to_texts(value: Any) -> Any:
    """Ids are numbers on some platforms, and people write them so."""
    if isinstance(value, (list, tuple)):
        return tuple(str(one).strip() if isinstance(one, (int, str)) else one for one in value)
    return value


Ids = Annotated[tuple[str, ...], BeforeValidator(_to_texts)]
"""Ids of people or chats; `*` is everybody, `accessGroup:<name>` those of `accessGroups.<name>`."""


class GroupToolSettings(Section):
    """`groups.<id>.tools`: what the tools policy of the agent is narrowed to in a group; None narrows nothing."""

    allow: tuple[str, ...] | None = None
    deny: tuple[str, ...] = ()


class GroupSettings(Section):
    """`channels.<id>.groups.<group>`; the entry `*` holds for every group, as far as its own says nothing."""

    enabled: bool = True
    require_mention: bool | None = None
    """Unset: yes."""
    allow_from: Ids | None = None
    """Who may speak to the agent here; unset: `groupAllowFrom`, else `allowFrom`."""
    tools: GroupToolSettings | None = None
    tools_by_sender: dict[str, GroupToolSettings] = Field(default_factory=dict)
    """Instead of `tools`, by the sender's id (`*`: all others)."""
    skills: tuple[str, ...] | None = None
    """Only these of the agent's skills are offered here; unset: all of them."""
    system_prompt: str = ""
    history_limit: int | None = Field(None, ge=0)


class WakeTriggerSettings(Section):
    """`rateLimit.wakeTrigger.*`: what counts as speaking to the agent; with `all` everything that is on here has to hold at
    once, with `any` one of it is enough."""

    mode: Literal["any", "all"] = "any"
    mention_name: bool = True
    """The agent's name, or one of `messages.groupChat.mentionPatterns`."""
    at_bot: bool = True
    """The platform's own mention, and what `implicitMentions` counts as one."""
    keywords: tuple[str, ...] = ()
    """Words that wake it wherever they stand, in capitals or not."""
    direct_message: bool = True
    """Every message of a direct chat; off: there too only what the other triggers are met by."""


class ErrorDedupSettings(Section):
    """`rateLimit.errorDedup.*`: the same error is told in a chat once in so many seconds."""

    enabled: bool = True
    threshold_sec: float = Field(300.0, ge=0)


class RateLimitSettings(Section):
    """`channels.<id>.rateLimit.*`: how readily the agent speaks up."""

    wake_probability: float | None = Field(None, ge=0, le=100)
    """In per cent: how often it answers a message of a group that does not speak to it. Unset: never, or always where
    `requireMention` is false."""
    min_interval_sec: float = Field(0.0, ge=0)
    """The least time between two answers in one group; what is said meanwhile it sees with the next."""
    wake_trigger: WakeTriggerSettings = WakeTriggerSettings()
    error_dedup: ErrorDedupSettings = ErrorDedupSettings()


class CoalesceSettings(Section):
    """`streaming.block.coalesce`: when what was said so far goes out as a message of its own."""

    min_chars: int = Field(800, gt=0)
    max_chars: int = Field(1200, gt=0)


class BlockSettings(Section):
    """`streaming.block.*`."""

    enabled: bool = False
    coalesce: CoalesceSettings = CoalesceSettings()


class StreamingSettings(Section):
    """`channels.<id>.streaming.*`: `partial` edits one message while the answer grows, `block` sends paragraphs as they
    come, `off` sends the whole. What a platform cannot do falls back to the next of these. Unset: as the platform is
    used best."""

    mode: StreamingMode | None = None
    chunk_mode: Literal["length", "newline"] = "length"
    block: BlockSettings = BlockSettings()


def _to_streaming(value: Any) -> Any:
    if isinstance(value, bool):
        return {"mode": "partial" if value else "off"}
    return {"mode": value} if isinstance(value, str) else value


class ImplicitMentions(Section):
    """`channels.<id>.implicitMentions.*`: what counts as speaking to the bot in a group without naming it."""

    reply: bool = True
    """An answer to a message of the bot's own."""
    quote: bool = False
    """A quotation of a message of the bot's own."""
    thread: bool = True
    """A thread that the bot began, or has spoken in."""


class QuotaSettings(Section):
    """`channels.<id>.quota.*`: how much the platform lets a bot say after somebody wrote. Unset: as the channel knows it."""

    messages: int | None = Field(None, ge=0)
    window_seconds: float | None = Field(None, ge=0)
    most_parked: int = Field(50, ge=0)
    """Per chat; the oldest goes when there are more."""
    parked_seconds: float = Field(86_400.0, gt=0)


class ChannelSettings(Section):
    """`channels.<id>.*`, or `channels.<id>.accounts.<account>.*` upon it."""

    enabled: bool = True
    name: str = ""
    dm_policy: DmPolicy = "pairing"
    allow_from: Ids = ()
    group_policy: GroupPolicy = "allowlist"
    group_allow_from: Ids | None = None
    groups: dict[str, GroupSettings] = Field(default_factory=dict)
    implicit_mentions: ImplicitMentions = ImplicitMentions()
    history_limit: int | None = Field(None, ge=0)
    """How many messages of a group that were not for the bot it is shown with the next that is; unset:
    `messages.groupChat.historyLimit`, 50."""
    text_chunk_limit: int | None = Field(None, gt=0)
    """In the platform's own counting; unset, or larger than what it takes: what it takes."""
    media_max_mb: float | None = Field(None, gt=0)
    """Of one file, in and out; unset: what the platform takes, at most 20."""
    streaming: Annotated[StreamingSettings, BeforeValidator(_to_streaming)] = StreamingSettings()
    reply_to_mode: Literal["off", "first", "all"] | None = None
    """Whether answers quote what they answer: unset: in groups the first part."""
    typing: bool = True
    quota: QuotaSettings = QuotaSettings()
    tools_from: Ids | None = None
    """Whose messages may have an agent use tools; unset: those of all who may write to it."""
    rate_limit: RateLimitSettings = RateLimitSettings()
    requests: Literal["ask", "accept", "refuse"] = "ask"
    """What becomes of requests for friendship and of invitations to groups."""


class ChannelBlock(ChannelSettings):
    """`channels.<id>` as it stands in the file: the common keys, and whatever else the channel itself reads. The block
    `channels.defaults` holds for all channels, as far as their own says nothing."""

    model_config = ConfigDict(extra="allow")
    default_account: str | None = None
    accounts: dict[str, dict[str, Any]] = Field(default_factory=dict, repr=False)
    """The same keys for one of several accounts, upon those of the channel."""

    def __repr_args__(self) -> Any:
        """Without what is read by the channel alone: there may be secrets among it."""
        return [(name, value) for name, value in super().__repr_args__() if name in ChannelSettings.model_fields]

    def written(self) -> dict[str, Any]:
        """What the file says, but for the accounts."""
        return self.model_dump(by_alias=True, exclude_unset=True, exclude={"accounts", "default_account"})
