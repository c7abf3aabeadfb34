"""An emoji put to a message once it is taken, and taken away with the answer: a sign that it was heard."""

from __future__ import annotations

from contextlib import suppress

from crawdad.core.channels import InboundMessage
from crawdad.core.errors import GatewayError
from crawdad.core.message_settings import MessagesSettings
from crawdad.services.channels.world import OpenAccount


def wants_sign(settings: MessagesSettings, message: InboundMessage, *, mentioned: bool) -> bool:
    """Whether a message that is answered gets the emoji. `mentioned`: it speaks to the agent. Pure."""
    if not settings.ack_reaction.strip():
        return False
    direct = message.chat.kind == "direct"
    match settings.ack_reaction_scope:
        case "all":
            return True
        case "direct":
            return direct
        case "group-all":
            return not direct
        case "group-mentions":
            return not direct and mentioned
        case _:
            return False


class Acknowledging:
    """The emoji of one account. That one cannot be put changes nothing."""

    def __init__(self, account: OpenAccount) -> None:
        self._desk = account
        self._able = account.kind.capabilities.react

    def put(self, message: InboundMessage, settings: MessagesSettings, *, mentioned: bool) -> None:
        """Put it, beside whatever else happens."""
        if self._able and message.message_id and wants_sign(settings, message, mentioned=mentioned):
            self._start(message, settings.ack_reaction.strip())

    def lift(self, message: InboundMessage) -> None:
        """The message is answered."""
        settings = self._desk.world.settings().messages
        sign = wants_sign(settings, message, mentioned=True)
        if self._able and message.message_id and sign and settings.remove_ack_after_reply:
            self._start(message, "")

    def _start(self, message: InboundMessage, emoji: str) -> None:
        self._desk.tasks.start(self._react(message, emoji), f"a reaction in {self._desk.account}")

    async def _react(self, message: InboundMessage, emoji: str) -> None:
        with suppress(GatewayError):
            await self._desk.channel.react(message.chat, message.message_id, emoji)
