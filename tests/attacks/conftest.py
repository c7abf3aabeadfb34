"""One gateway a test process in front of everything that misbehaves, with little patience and no second tries."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest

from tests.support.server import Gateway, running_gateway, settings
from tests.support.upstreams.faulty import FaultyUpstream
from tests.support.upstreams.fixtures import faulty_upstream, scripted_upstream  # noqa: F401
from tests.support.upstreams.loopback import LoopbackServer
from tests.support.upstreams.protocols import PROTOCOLS, provider
from tests.support.upstreams.scripted import ScriptedUpstream

HASTY = {"connectTimeoutSeconds": 1, "firstByteTimeoutSeconds": 0.6, "idleTimeoutSeconds": 0.4}
"""Time-outs for upstreams that fall silent."""


def providers_of(name: str, upstream: LoopbackServer, **more: Any) -> dict[str, Any]:
    """One provider a protocol, called `<name>-<protocol>`, that takes any model name."""
    return {
        f"{name}-{protocol}": provider(protocol, upstream.url, [], discover=False, **more) for protocol in PROTOCOLS
    }


@pytest.fixture(scope="session")
def gateway(scripted_upstream: ScriptedUpstream, faulty_upstream: FaultyUpstream) -> Iterator[Gateway]:  # noqa: F811
    """Its models are `scripted-<protocol>/story:<name>` and `faulty-<protocol>/fault:<name>,<options>`, with little patience
    `hasty-<protocol>/fault:<name>`."""
    found = {
        **providers_of("scripted", scripted_upstream),
        **providers_of("faulty", faulty_upstream),
        **providers_of("hasty", faulty_upstream, **HASTY),
    }
    with running_gateway(settings(found, retry={"attempts": 1})) as running:
        yield running


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """A client that keeps what it gets: no cookies, no decompression of its own choosing."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as opened:
        yield opened
