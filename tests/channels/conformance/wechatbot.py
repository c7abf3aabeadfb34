"""WeChat behind wechatbot-webhook, as the conformance suite wants a platform."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import replace

from crawdad.adapters.channels import wechatbot
from crawdad.core.channels import Channel, ChannelContext, SendOutcome
from crawdad.core.errors import GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.plugin_http import PluginRequest
from tests.channels.conformance.accounts import Accounts, opened
from tests.channels.simulator import ABILITIES, Said
from tests.simulators.wechatbot import BOT, Fault, Post, WechatbotSimulator


class WechatbotPlatform(Accounts[WechatbotSimulator]):
    """It posts once, whatever it is answered; this hands the posts to the open channels."""

    abilities = ABILITIES - {"needs_inbound", "rate_limited", "acknowledge", "names"}
    people: Sequence[str] = tuple(f"alias:r-{name}" for name in ("Ann", "Bob", "Cid", "Dee", "Eve"))
    group = "The group"

    def __init__(self, accounts: dict[str, WechatbotSimulator]) -> None:
        super().__init__(accounts)
        self._channels: dict[str, Channel] = {}
        self.secret = accounts["default"].token
        self.kind = replace(wechatbot.CHANNEL, open=self._open)

    def _open(self, context: ChannelContext) -> Channel:
        self._channels[context.account.name] = channel = wechatbot.CHANNEL.open(context)
        return channel

    def settings(self, account: str) -> JsonObject:
        one = self._accounts[account]
        return {"apiUrl": one.url, "token": one.token, "pollSeconds": 0.2, "callSeconds": 2}

    async def say(self, said: Said) -> str:
        one = self._accounts[said.account]
        sender = one.contact((said.sender or self.people[0]).rpartition("-")[2])
        words = f"@{BOT}\u2005{said.text}" if said.mention else said.text
        if said.picture is not None:
            post = one.post("file", said.picture, sender=sender, room=said.chat)
        else:
            post = one.text(words, sender=sender.name, room=said.chat)
        return await self._deliver(post, said.account)

    async def _deliver(self, post: Post, account: str) -> str:
        headers = {"content-type": post.media_type}
        request = PluginRequest("POST", "", {}, headers, post.body, "127.0.0.1")
        answer = None
        while answer is None:  # the front door is not here: it answers 503 until the account runs
            try:
                answer = await self._channels[account].webhook(request)
            except (KeyError, GatewayError):
                await asyncio.sleep(0.01)
        assert answer.status == 200, answer
        name = f"message:{hashlib.sha256(post.body).hexdigest()[:32]}"
        self._events[name] = post
        return name

    async def repeat(self, event_id: str, account: str = "default") -> None:
        await self._deliver(self._events[event_id], account)

    def texts(self, chat: str, account: str = "default") -> Sequence[str]:
        return self._accounts[account].texts(f"#{chat}" if chat == self.group else chat)

    def fail_once(self, one: WechatbotSimulator, outcome: SendOutcome, taken: bool, seconds: float) -> None:
        what = {"not_sent": "logged_out", "ambiguous": "reset"}.get(outcome, "rejected")
        one.faults.append(Fault(what, taken))

    async def cut(self, account: str = "default") -> None:
        self._accounts[account].down = True

    async def mend(self, account: str = "default") -> None:
        self._accounts[account].down = False

    async def expire(self, account: str = "default") -> None:
        self._accounts[account].token = "another"


wechatbot_platform = opened(WechatbotPlatform, WechatbotSimulator)
