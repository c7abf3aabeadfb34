"""Calls over WeCom's connection where the other side does not read any more."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from crawdad.adapters.channels.wecom.link import Link
from crawdad.core.channels import SendFailed
from tests.support.waiting import PATIENCE


class Full:
    """A socket that takes no more."""

    path = "/"
    headers: Mapping[str, str]
    query: Mapping[str, str]

    async def send(self, message: str | bytes) -> None:
        await asyncio.Event().wait()

    async def receive(self) -> str | bytes:
        raise EOFError

    async def close(self, code: int = 1000, reason: str = "") -> None:
        return None


async def test_a_side_that_does_not_read_is_not_waited_for() -> None:
    link = Link(Full(), 0.01)
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(SendFailed) as failed:
            await link.ask("ping", "r1")
        assert failed.value.outcome == "ambiguous"
        with pytest.raises(SendFailed):
            await link.ask("ping", "r1")
