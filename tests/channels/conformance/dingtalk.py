"""DingTalk in the conformance suite."""

from __future__ import annotations

from collections.abc import Sequence

from crawdad.adapters.channels import dingtalk
from crawdad.core.channels import SendOutcome
from crawdad.core.parts import JsonObject
from tests.channels.conformance.accounts import opened
from tests.channels.conformance.socket_platform import SocketPlatform
from tests.channels.simulator import ABILITIES, Said
from tests.simulators.dingtalk import CLIENT_ID, SECRET, DingTalkSimulator


class DingTalkPlatform(SocketPlatform[DingTalkSimulator]):
    """What was not acknowledged comes again with the next stream. It says nothing of how long to wait, and a conversation's
    webhook gives what it takes no name."""

    kind = dingtalk.CHANNEL
    abilities = ABILITIES - {"not_sent", "needs_inbound", "rate_limited", "names"}
    people: Sequence[str] = tuple(f"staff50{number}" for number in range(1, 6))
    group = "cidGroup900=="
    secret = SECRET

    def settings(self, account: str) -> JsonObject:
        one = self._accounts[account]
        return {"clientId": CLIENT_ID, "clientSecret": SECRET, "apiRoot": one.url, "oapiRoot": one.url}

    async def say(self, said: Said) -> str:
        one = self._accounts[said.account]
        sender = said.sender or self.people[0]
        if said.picture is None:
            event = one.say(said.text, sender=sender, group=said.chat, named=said.mention)
        else:
            rich = [{"text": said.text}, {"type": "picture", "downloadCode": one.put_file(said.picture)}]
            content = {"richText": rich}
            event = one.say(sender=sender, group=said.chat, named=said.mention, kind="richText", content=content)
        return self.spoken(f"message:{event['msgId']}", event)

    def acknowledged(self, event_id: str, account: str = "default") -> bool:
        return not self._accounts[account].waits(self._events[event_id]["msgId"])

    def fail_once(self, one: DingTalkSimulator, outcome: SendOutcome, taken: bool, seconds: float) -> None:
        if outcome == "ambiguous":
            one.fail("/robot/sendBySession", 0, taken=taken)
        else:
            one.fail("/robot/sendBySession", 200, {"errcode": 460101, "errmsg": "message too long"})

    def revoke(self, one: DingTalkSimulator) -> None:
        one.secret = "made anew"
        one.tokens.clear()


dingtalk_platform = opened(DingTalkPlatform, DingTalkSimulator)
