"""What a channel does by itself, without an agent: notices to its owner, words of welcome, answers to pokes, recalled messages,
requests that are accepted. The keys stand below the channel (`channels.qq.*`), one place for one thing.

ClawPanel's `admin-config` has the same things below `qq`; `ADMIN_CONFIG_KEYS` says where each of them stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from crawdad.core.channel_settings import ChannelSettings
from crawdad.core.section import Section
from crawdad.core.text import Language

POKE_REPLIES = ("别戳啦", "我在，有什么事？", "再戳我就躲起来了", "收到，请讲")
WELCOME = "欢迎 {nickname} 加入本群！"


def id_text(value: Any) -> Any:
    """An id that may be written as a number; 0 is nobody."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if value else ""
    return value


class NotificationSettings(Section):
    """`notifications.*`: what the owner is told of, each unless it is false."""

    member_change: bool = True
    """Somebody comes or goes; the account itself is let in or put out."""
    admin_change: bool = True
    ban_notice: bool = True
    anti_recall: bool = True
    poke_reply: bool = True
    """Whether pokes are heeded at all (`poke` says how)."""
    honor_notice: bool = True
    """Whether the group is told of an honour that one of it has won."""


class WelcomeSettings(Section):
    """`welcome.*`: `{nickname}` and `{user_id}` in the template become those of whoever has come."""

    enabled: bool = True
    template: str = Field(WELCOME, max_length=2000)
    delay_ms: int = Field(1500, ge=0, le=3_600_000)
    """0 counts as 1500."""


class PokeSettings(Section):
    """`poke.*`: one of `replies`, by chance, to whoever pokes the account."""

    enabled: bool = True
    replies: tuple[str, ...] = POKE_REPLIES
    min_interval_sec: float = Field(10.0, ge=0, alias="minIntervalSec")
    """The least time between two of them in one chat, so that two bots do not poke each other for ever."""


class AntiRecallSettings(Section):
    """`antiRecall.*`."""

    enabled: bool = True
    """Whether the last messages are kept in memory, so that the owner can be told what one said that was recalled."""


class ApprovalSettings(Section):
    """`autoApprove.friend`: requests whose comment the pattern is found in are accepted. An empty pattern, or an empty
    comment, accepts nothing."""

    enabled: bool = False
    pattern: str = Field("", max_length=300)


class GroupRule(Section):
    """`autoApprove.group.rules[]`: what differs in one group."""

    group_id: Annotated[str, BeforeValidator(id_text)] = ""
    auto_approve_pattern: str | None = Field(None, max_length=300)
    """Instead of `pattern`."""
    welcome_message: str | None = Field(None, max_length=2000)
    """Instead of `welcome.template`."""


class GroupApprovalSettings(ApprovalSettings):
    """`autoApprove.group`: requests to join a group; invitations are always asked about."""

    rules: tuple[GroupRule, ...] = ()


class AutoApproveSettings(Section):
    """`autoApprove.*`."""

    friend: ApprovalSettings = ApprovalSettings()
    group: GroupApprovalSettings = GroupApprovalSettings()


class AutomatedSettings(ChannelSettings):
    """The settings of a channel that can do these things."""

    language: ClassVar[Language] = "en"
    """What the owner is spoken to in unless the settings name a language."""
    notifications: NotificationSettings = NotificationSettings()
    welcome: WelcomeSettings = WelcomeSettings()
    poke: PokeSettings = PokeSettings()
    anti_recall: AntiRecallSettings = AntiRecallSettings()
    auto_approve: AutoApproveSettings = AutoApproveSettings()

    @property
    def owner(self) -> str:
        """The id of the account's owner on the platform; empty: nobody is told anything."""
        return ""


ADMIN_CONFIG_KEYS: Mapping[str, str] = {
    "qq.ownerQQ": "channels.qq.ownerQQ",
    "qq.antiRecall.enabled": "channels.qq.antiRecall.enabled",
    "qq.poke.enabled": "channels.qq.poke.enabled",
    "qq.poke.replies": "channels.qq.poke.replies",
    "qq.welcome.enabled": "channels.qq.welcome.enabled",
    "qq.welcome.template": "channels.qq.welcome.template",
    "qq.welcome.delayMs": "channels.qq.welcome.delayMs",
    "qq.autoApprove.friend.enabled": "channels.qq.autoApprove.friend.enabled",
    "qq.autoApprove.friend.pattern": "channels.qq.autoApprove.friend.pattern",
    "qq.autoApprove.group.enabled": "channels.qq.autoApprove.group.enabled",
    "qq.autoApprove.group.pattern": "channels.qq.autoApprove.group.pattern",
    "qq.autoApprove.group.rules": "channels.qq.autoApprove.group.rules",
    "qq.notifications.memberChange": "channels.qq.notifications.memberChange",
    "qq.notifications.adminChange": "channels.qq.notifications.adminChange",
    "qq.notifications.banNotice": "channels.qq.notifications.banNotice",
    "qq.notifications.antiRecall": "channels.qq.notifications.antiRecall",
    "qq.notifications.pokeReply": "channels.qq.notifications.pokeReply",
    "qq.notifications.honorNotice": "channels.qq.notifications.honorNotice",
    "qq.rateLimit.wakeProbability": "channels.qq.rateLimit.wakeProbability",
    "qq.rateLimit.minIntervalSec": "channels.qq.rateLimit.minIntervalSec",
    "qq.rateLimit.wakeTrigger.mode": "channels.qq.rateLimit.wakeTrigger.mode",
    "qq.rateLimit.wakeTrigger.mentionName": "channels.qq.rateLimit.wakeTrigger.mentionName",
    "qq.rateLimit.wakeTrigger.atBot": "channels.qq.rateLimit.wakeTrigger.atBot",
    "qq.rateLimit.wakeTrigger.keywords": "channels.qq.rateLimit.wakeTrigger.keywords",
    "qq.rateLimit.wakeTrigger.directMessage": "channels.qq.rateLimit.wakeTrigger.directMessage",
    "qq.rateLimit.errorDedup.enabled": "channels.qq.rateLimit.errorDedup.enabled",
    "qq.rateLimit.errorDedup.thresholdSec": "channels.qq.rateLimit.errorDedup.thresholdSec",
    "napcat.wsUrl": "channels.qq.wsUrl",
    "napcat.accessToken": "channels.qq.accessToken",
}
"""ClawPanel's `admin-config` keys, and the keys of the configuration that hold the same. `napcat.webuiPort` is the port in
`channels.qq.napcat.webUrl`. `ownerQQ` may be written as a number (0: nobody). What is not set: see the types above;
`rateLimit.wakeProbability` is unset by default (ClawPanel: 10), as an agent that speaks by chance is to be asked for."""
