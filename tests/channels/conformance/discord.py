"""Discord in the conformance suite."""

from __future__ import annotations

from collections.abc import Sequence

from crawdad.adapters.channels import discord
from crawdad.core.channels import SendOutcome
from crawdad.core.parts import JsonObject
from tests.channels.conformance.accounts import opened
from tests.channels.conformance.socket_platform import SocketPlatform
from tests.channels.simulator import ABILITIES, Said
from tests.simulators.discord import API, BOT_ID, ROOM, TOKEN, DiscordSimulator, room_of


class DiscordPlatform(SocketPlatform[DiscordSimulator]):
    """A session that is resumed gets what it missed; a part is known by its nonce."""

    kind = discord.CHANNEL
    abilities = ABILITIES - {"not_sent", "needs_inbound", "acknowledge"}
    people: Sequence[str] = ("501", "502", "503", "504", "505")
    group = ROOM
    secret = TOKEN

    def settings(self, account: str) -> JsonObject:
        return {"token": TOKEN, "apiRoot": f"{self._accounts[account].url}{API}", "streaming": "off"}

    async def say(self, said: Said) -> str:
        one = await self.listening(said.account)
        text = f"<@{BOT_ID}> {said.text}" if said.mention else said.text
        event = one.say(text, sender=said.sender or self.people[0], room=said.chat, picture=said.picture)
        return self.spoken(f"message:{event['d']['id']}", event)

    def room(self, chat: str) -> str:
        return chat if chat == self.group else room_of(chat)

    def fail_once(self, one: DiscordSimulator, outcome: SendOutcome, taken: bool, seconds: float) -> None:
        match outcome:
            case "ambiguous":
                one.fail("/messages", 0, taken=taken)
            case "rate_limited":
                one.fail("/messages", 429, {"message": "slower", "retry_after": seconds, "global": False})
            case _:
                one.fail("/messages", 403, {"message": "Cannot send messages to this user", "code": 50007})

    def revoke(self, one: DiscordSimulator) -> None:
        one.token = "made anew"


discord_platform = opened(DiscordPlatform, DiscordSimulator)
