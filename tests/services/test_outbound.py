"""Messages go to the channel that their route names."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from crawdad.core.agents import Delivery
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import Part, TextPart
from crawdad.core.sessions import Route
from crawdad.services.channels.outbound import OutboundChannels


class _Channel:
    def __init__(self) -> None:
        self.sent: list[tuple[Route, list[Part], str]] = []

    async def send(self, route: Route, parts: Sequence[Part], *, key: str) -> Delivery:
        self.sent.append((route, list(parts), key))
        return Delivery("delivered")


async def test_a_message_goes_by_its_channel() -> None:
    channels, one, other = OutboundChannels(), _Channel(), _Channel()
    channels.register("qq", one)
    channels.register("telegram", other)
    route = Route("qq", "42")
    assert (await channels.send(route, [TextPart("hello")], key="k1")).delivered
    assert one.sent == [(route, [TextPart("hello")], "k1")]
    assert not other.sent
    assert channels.channels() == ["qq", "telegram"]


async def test_an_unknown_channel_is_told_with_the_known_ones() -> None:
    channels = OutboundChannels()
    channels.register("qq", _Channel())
    with pytest.raises(GatewayError) as refused:
        await channels.send(Route("pigeon"), [TextPart("hello")], key="k1")
    assert refused.value.kind is ErrorKind.NOT_FOUND
    assert "pigeon" in refused.value.message() and "qq" in refused.value.message()
    channels.unregister("qq")
    assert channels.channels() == []
