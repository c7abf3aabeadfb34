"""WeCom in the conformance suite."""

from __future__ import annotations

from collections.abc import Sequence

from crawdad.adapters.channels import wecom
from crawdad.core.channels import SendOutcome
from crawdad.core.parts import JsonObject
from tests.channels.conformance.accounts import opened
from tests.channels.conformance.socket_platform import SocketPlatform
from tests.channels.simulator import ABILITIES, Said
from tests.simulators.wecom import BOT_ID, SECRET, WeComSimulator


class WeComPlatform(SocketPlatform[WeComSimulator]):
    """It says a thing once, to whoever is connected, wants nothing acknowledged, and hears in groups who names the bot."""

    kind = wecom.CHANNEL
    abilities = ABILITIES - {"needs_inbound", "rate_limited", "names", "acknowledge", "cut", "mention"}
    people: Sequence[str] = tuple(f"user50{number}" for number in range(1, 6))
    group = "wrGroup900"
    secret = SECRET

    def settings(self, account: str) -> JsonObject:
        one = self._accounts[account]
        address = {"wsUrl": one.socket_url, "mediaRoot": one.url, "callSeconds": 2}
        return {"botId": BOT_ID, "secret": SECRET, "streaming": "off", **address}

    async def say(self, said: Said) -> str:
        one = await self.listening(said.account)
        sender = said.sender or self.people[0]
        if said.picture is None:
            frame = one.say(said.text, sender=sender, group=said.chat)
        else:
            items = [
                {"msgtype": "text", "text": {"content": said.text}},
                {"msgtype": "image", "image": one.put_file(said.picture)},
            ]
            frame = one.say(sender=sender, group=said.chat, kind="mixed", mixed={"msg_item": items})
        return self.spoken(f"message:{frame['body']['msgid']}", frame)

    def fail_once(self, one: WeComSimulator, outcome: SendOutcome, taken: bool, seconds: float) -> None:
        match outcome:
            case "ambiguous":
                one.fail_next("aibot_send_msg", None, taken=taken)
            case "not_sent":
                one.fail_next("aibot_send_msg", {"errcode": 6000, "errmsg": "conflict"})
            case _:
                one.fail_next("aibot_send_msg", {"errcode": 846608, "errmsg": "no permission"})

    async def cut(self, account: str = "default") -> None:
        raise NotImplementedError

    async def mend(self, account: str = "default") -> None:
        raise NotImplementedError

    def revoke(self, one: WeComSimulator) -> None:
        one.secret = "made anew"


wecom_platform = opened(WeComPlatform, WeComSimulator)
