"""What a simulator of a platform offers to the conformance suite. Each channel has one, on loopback, that speaks the real
protocol.

A simulator is strict where its platform is, and records what a person would see. It is shown to be honest by a client that is
not ours, in a test of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from crawdad.core.channels import ChannelKind, SendOutcome
from crawdad.core.parts import JsonObject

ABILITIES = frozenset(
    (
        *("groups", "mention", "repeat", "cut", "expire", "acknowledge", "long_in"),
        *("media_in", "media_out", "not_sent", "ambiguous", "rate_limited", "refused", "needs_inbound"),
        "names",
    )
)
"""All that a simulator may be able to show. `names`: the platform gives what is sent a name."""


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody writes. `chat` empty: to the bot alone; else it is the simulator's `group`. `mention`: the bot is named as the
    platform does it. `picture`: comes with it."""

    text: str
    account: str = "default"
    sender: str = ""
    chat: str = ""
    mention: bool = False
    picture: bytes | None = None


class Simulator(Protocol):
    """The other side of a channel.

    `abilities` says which tests make sense; what is missing is skipped, by name. `people`: ids of at least five, as the
    platform spells ids; `group`: the id of a group that they are all in. `secret`: what must never be seen in logs.
    """

    kind: ChannelKind
    abilities: frozenset[str]
    people: Sequence[str]
    group: str
    secret: str

    def settings(self, account: str) -> JsonObject:
        """What stands in `channels.<id>.accounts.<account>`, so that the channel finds the simulator."""

    def signed_in(self, account: str) -> JsonObject:
        """What a sign-in has left in the account's memory."""

    async def say(self, said: Said) -> str:
        """Have somebody write. Returns the event's id, as `InboundMessage.event_id` has it."""

    async def repeat(self, event_id: str, account: str = "default") -> None:
        """Hand out an event again, as it was."""

    def acknowledged(self, event_id: str, account: str = "default") -> bool:
        """Whether the channel has said that it has an event."""

    def texts(self, chat: str, account: str = "default") -> Sequence[str]:
        """What is to be read in a chat (a person's id, or the group's), of the bot's, in order. A file is `<name>`."""

    async def fail(
        self, outcome: SendOutcome, account: str = "default", *, times: int = 1, taken: bool = False, seconds: float = 0
    ) -> None:
        """Have the next sends fail so. `taken`: they are shown nevertheless (`ambiguous`). `seconds`: to be waited for
        (`rate_limited`)."""

    async def cut(self, account: str = "default") -> None:
        """Cut the link, until it is mended."""

    async def mend(self, account: str = "default") -> None:
        """Mend it."""

    async def expire(self, account: str = "default") -> None:
        """End the sign-in, from the platform's side."""


OpenSimulator = Callable[[], AbstractAsyncContextManager[Simulator]]
