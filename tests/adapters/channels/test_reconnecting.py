"""How long a channel waits before it connects anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest

from crawdad.adapters.channels.reconnecting import keep_connected
from crawdad.adapters.channels.telegram.settings import TelegramSettings
from crawdad.core.channels import SignedOut
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.ports import Transport
from crawdad.core.text import Text
from tests.support.channel_context import MemoryContext

ENDED = Text("discord.cut")
LOST = GatewayError(ErrorKind.UPSTREAM_BROKEN, "the network is down")
NOT_KEPT = GatewayError(ErrorKind.UNAVAILABLE, "the disk is full", {"code": "database"})


@pytest.fixture
def context() -> MemoryContext:
    return MemoryContext(TelegramSettings.model_validate({}), cast("Transport", None), "telegram")


Link = Callable[[MemoryContext], bool]


async def waits(context: MemoryContext, *links: Link, ended: Text | None = ENDED) -> list[float]:
    """How long it waited after each of them."""
    left = list(links)

    async def connect() -> bool:
        if not left:
            raise SignedOut(Text("telegram.no_token"))
        return left.pop(0)(context)

    with pytest.raises(SignedOut):
        await keep_connected(context, connect, ended)
    return context.time.slept


def fails(error: GatewayError, after: float = 0.0) -> Link:
    def link(context: MemoryContext) -> bool:
        context.time.time += after
        raise error

    return link


async def test_waits_grow_to_a_minute_while_nothing_comes_of_it(context: MemoryContext) -> None:
    assert await waits(context, *[fails(LOST)] * 8) == [1, 2, 4, 8, 16, 32, 60, 60]
    assert context.reasons == ["the network is down"] * 8


async def test_a_link_that_was_of_use_begins_from_the_start(context: MemoryContext) -> None:
    assert await waits(context, fails(LOST), fails(LOST), lambda _: True, lambda _: False) == [1, 2, 1, 2]
    assert context.reasons[2:] == [ENDED, ENDED]


async def test_one_that_lasted_was_of_use_however_it_ended(context: MemoryContext) -> None:
    assert await waits(context, *[fails(LOST)] * 4, fails(LOST, after=3600), fails(LOST)) == [1, 2, 4, 8, 1, 2]


async def test_what_cannot_be_kept_here_is_fetched_soon_after_it_can_be(context: MemoryContext) -> None:
    assert await waits(context, *[fails(NOT_KEPT)] * 6) == [1, 2, 4, 5, 5, 5]


async def test_the_platform_may_order_a_longer_wait(context: MemoryContext) -> None:
    flood = GatewayError(ErrorKind.UNAVAILABLE, "Too Many Requests", None, 30.0)
    endless = GatewayError(ErrorKind.UNAVAILABLE, "Too Many Requests", None, 86_400.0)
    assert await waits(context, fails(flood), fails(LOST), fails(endless)) == [30, 2, 600]


async def test_settings_that_cannot_work_are_told_at_once(context: MemoryContext) -> None:
    async def connect() -> bool:
        raise GatewayError(ErrorKind.BAD_REQUEST, "no such way")

    with pytest.raises(GatewayError, match="no such way"):
        await keep_connected(context, connect)
    assert context.time.slept == []
