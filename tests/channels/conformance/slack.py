"""Slack in the conformance suite."""

from __future__ import annotations

from collections.abc import Sequence

from crawdad.adapters.channels import slack
from crawdad.core.channels import SendOutcome
from crawdad.core.parts import JsonObject
from tests.channels.conformance.accounts import opened
from tests.channels.conformance.socket_platform import SocketPlatform
from tests.channels.simulator import ABILITIES, Said
from tests.simulators.slack import APP_TOKEN, BOT, BOT_TOKEN, ROOM, SlackSimulator, room_of


class SlackPlatform(SocketPlatform[SlackSimulator]):
    """What was not acknowledged comes again with the next socket."""

    kind = slack.CHANNEL
    abilities = ABILITIES - {"needs_inbound"}
    people: Sequence[str] = tuple(f"U050{number}" for number in range(1, 6))
    group = ROOM
    secret = BOT_TOKEN

    def __init__(self, accounts: dict[str, SlackSimulator]) -> None:
        super().__init__(accounts)
        for one in accounts.values():
            one.redeliver_seconds = 0.1

    def settings(self, account: str) -> JsonObject:
        root = f"{self._accounts[account].url}/api"
        return {"botToken": BOT_TOKEN, "appToken": APP_TOKEN, "apiRoot": root, "filesRoot": root, "streaming": "off"}

    async def say(self, said: Said) -> str:
        one = self._accounts[said.account]
        text = f"<@{BOT}> {said.text}" if said.mention else said.text
        envelope = one.say(text, sender=said.sender or self.people[0], room=said.chat, picture=said.picture)
        event = envelope["payload"]["event"]
        return self.spoken(f"message:{event['channel']}:{event['ts']}", envelope)

    def acknowledged(self, event_id: str, account: str = "default") -> bool:
        return not self._accounts[account].waits(self._events[event_id]["envelope_id"])

    def room(self, chat: str) -> str:
        return chat if chat == self.group else room_of(chat)

    def fail_once(self, one: SlackSimulator, outcome: SendOutcome, taken: bool, seconds: float) -> None:
        match outcome:
            case "ambiguous":
                one.fail("chat.postMessage", 0, taken=taken)
            case "not_sent":
                one.fail("chat.postMessage", 200, {"ok": False, "error": "service_unavailable"})
            case "rate_limited":
                headers = {"retry-after": str(int(seconds))}
                one.fail("chat.postMessage", 429, {"ok": False, "error": "ratelimited"}, headers=headers)
            case _:
                one.fail("chat.postMessage", 200, {"ok": False, "error": "channel_not_found"})

    def revoke(self, one: SlackSimulator) -> None:
        one.token = one.app_token = "made anew"


slack_platform = opened(SlackPlatform, SlackSimulator)
