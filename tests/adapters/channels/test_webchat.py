"""Pages of webchat that come and go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import orjson

from crawdad.adapters.channels.webchat import CHANNEL, WebchatSettings
from crawdad.adapters.channels.webchat.channel import WebchatChannel
from crawdad.core.channels import Chat, OutboundMessage
from crawdad.core.ports import Transport
from tests.support.channel_context import MemoryContext


class Page:
    """A page that greets and is gone, before it is welcomed or after."""

    path = ""
    headers: Mapping[str, str] = {}
    query: Mapping[str, str] = {}

    def __init__(self, *, hears: bool) -> None:
        self._hears = hears
        self._frames = [orjson.dumps({"type": "hello"}).decode()]

    async def receive(self) -> str:
        if not self._frames:
            raise EOFError
        return self._frames.pop()

    async def send(self, message: str | bytes) -> None:
        if not self._hears:
            raise EOFError

    async def close(self, code: int = 1000, reason: str = "") -> None:
        return None


async def test_nothing_stays_behind_of_pages_that_went_and_of_visitors_who_are_away() -> None:
    context = MemoryContext(WebchatSettings.model_validate({}), cast("Transport", None), "webchat")
    channel = CHANNEL.open(context)
    assert isinstance(channel, WebchatChannel)
    for hears in (True, False):
        try:
            await channel.socket(Page(hears=hears))
        except EOFError:
            continue
    await channel.send(OutboundMessage("p1", Chat("direct", "away"), "hello"))
    assert (channel._pages, channel._writing) == ({}, {})
