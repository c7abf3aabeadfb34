"""QQ's official bots in the conformance suite."""

from __future__ import annotations

from collections.abc import Sequence

from crawdad.adapters.channels import qqbot
from crawdad.core.channels import SendOutcome
from crawdad.core.parts import JsonObject
from tests.channels.conformance.accounts import opened
from tests.channels.conformance.socket_platform import SocketPlatform
from tests.channels.simulator import ABILITIES, Said
from tests.simulators.qqbot import APP_ID, SECRET, QQBotSimulator


class QQBotPlatform(SocketPlatform[QQBotSimulator]):
    """A session that is resumed gets what it missed; nobody is in a group who did not name the bot."""

    kind = qqbot.CHANNEL
    abilities = ABILITIES - {"not_sent", "acknowledge", "rate_limited"}
    people: Sequence[str] = tuple(f"OPENID50{number}" for number in range(1, 6))
    group = "GROUP900"
    secret = SECRET

    def settings(self, account: str) -> JsonObject:
        one = self._accounts[account]
        address = {"apiRoot": one.url, "tokenUrl": f"{one.url}/app/getAppAccessToken", "bindRoot": one.url}
        return {"appId": APP_ID, "clientSecret": SECRET, **address}

    async def say(self, said: Said) -> str:
        one = await self.listening(said.account)
        sender = said.sender or self.people[0]
        event = one.say(said.text, sender=sender, group=said.chat, named=said.mention, picture=said.picture)
        return self.spoken(f"message:{event['d']['id']}", event)

    def fail_once(self, one: QQBotSimulator, outcome: SendOutcome, taken: bool, seconds: float) -> None:
        match outcome:
            case "ambiguous":
                one.fail("/messages", 0, taken=taken)
            case "needs_inbound":
                one.fail("/messages", 400, {"code": 40034128, "message": "被动回复时间或次数超限"})
            case _:
                one.fail("/messages", 400, {"code": 40054013, "message": "用户拒收消息"})

    def revoke(self, one: QQBotSimulator) -> None:
        one.secret = "made anew"
        one.tokens.clear()


qqbot_platform = opened(QQBotPlatform, QQBotSimulator)
