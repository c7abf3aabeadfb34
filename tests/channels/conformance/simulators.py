"""The simulators of all channels."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from crawdad.core.channels import ChannelKind, SendOutcome
from crawdad.core.parts import JsonObject
from tests.channels.conformance.platforms import feishu_platform, qq_platform, telegram_platform, weixin_platform
from tests.channels.simulator import ABILITIES, OpenSimulator, Said, Simulator
from tests.support.memory_channel import TOKEN, Platform, memory_kind


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


SIMULATORS: dict[str, OpenSimulator] = {
    "memory": memory,
    "telegram": telegram_platform,
    "qq": qq_platform,
    "weixin": weixin_platform,
    "feishu": feishu_platform,
}
