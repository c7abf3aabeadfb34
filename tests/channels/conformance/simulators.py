"""The simulators of all channels. Those of plugins that are elsewhere are named in `CRAWDAD_SIMULATORS`."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib import import_module

from crawdad.core.channels import ChannelKind, SendOutcome
from crawdad.core.parts import JsonObject
from tests.channels.conformance.dingtalk import dingtalk_platform
from tests.channels.conformance.discord import discord_platform
from tests.channels.conformance.email import email_platform
from tests.channels.conformance.platforms import feishu_platform, qq_platform, telegram_platform, weixin_platform
from tests.channels.conformance.postbox import postbox_platform
from tests.channels.conformance.qqbot import qqbot_platform
from tests.channels.conformance.slack import slack_platform
from tests.channels.conformance.webchat import webchat_pages
from tests.channels.conformance.wechatbot import wechatbot_platform
from tests.channels.conformance.wecom import wecom_platform
from tests.channels.simulator import ABILITIES, OpenSimulator, Said, Simulator
from tests.support.memory_channel import TOKEN, Platform, memory_kind

VARIABLE = "CRAWDAD_SIMULATORS"


class MemorySimulator:
    """The platform in memory."""

    def __init__(self) -> None:
        self.platform = Platform()
        self.kind: ChannelKind = memory_kind(self.platform)
        self.abilities = ABILITIES
        self.people: Sequence[str] = ("u1", "u2", "u3", "u4", "u5")
        self.group = "g1"
        self.secret = TOKEN
        self._cut: dict[str, int] = {}

    def settings(self, account: str) -> JsonObject:
        return {"token": TOKEN}

    def signed_in(self, account: str) -> JsonObject:
        return {}

    async def say(self, said: Said) -> str:
        media = [] if said.picture is None else [self.platform.upload(said.picture)]
        event = self.platform.say(
            said.text,
            account=said.account,
            sender=said.sender or self.people[0],
            chat=said.chat,
            kind="group" if said.chat else "direct",
            mention="native" if said.mention else "",
            media=media,
        )
        return str(event["id"])

    async def repeat(self, event_id: str, account: str = "default") -> None:
        found = next(one for one in self.platform.phone(account).events if one["id"] == event_id)
        self.platform.deliver(found, account)

    def acknowledged(self, event_id: str, account: str = "default") -> bool:
        phone = self.platform.phone(account)
        return any(one["id"] == event_id for one in phone.events[: phone.cursor])

    def texts(self, chat: str, account: str = "default") -> Sequence[str]:
        return self.platform.texts(chat, account)

    async def fail(
        self, outcome: SendOutcome, account: str = "default", *, times: int = 1, taken: bool = False, seconds: float = 0
    ) -> None:
        self.platform.fail(outcome, account, times, taken=taken, retry_after=seconds or None)

    async def cut(self, account: str = "default") -> None:
        self.platform.cut(account)

    async def mend(self, account: str = "default") -> None:
        self.platform.mend(account)

    async def expire(self, account: str = "default") -> None:
        self.platform.sign_out(account)


@asynccontextmanager
async def memory() -> AsyncIterator[Simulator]:
    """The platform in memory."""
    yield MemorySimulator()


def named_simulators(names: str) -> dict[str, OpenSimulator]:
    """The simulators of channels that are elsewhere: `module:function` of each, with spaces between them."""
    found: dict[str, OpenSimulator] = {}
    for name in names.split():
        module, _, function = name.partition(":")
        found[name] = getattr(import_module(module), function)
    return found


SIMULATORS: dict[str, OpenSimulator] = {
    "memory": memory,
    "telegram": telegram_platform,
    "qq": qq_platform,
    "weixin": weixin_platform,
    "wechatbot": wechatbot_platform,
    "feishu": feishu_platform,
    "qqbot": qqbot_platform,
    "dingtalk": dingtalk_platform,
    "wecom": wecom_platform,
    "discord": discord_platform,
    "slack": slack_platform,
    "email": email_platform,
    "webchat": webchat_pages,
    "postbox": postbox_platform,
    **named_simulators(os.environ.get(VARIABLE, "")),
}
