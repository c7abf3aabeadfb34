"""Session-scoped fixtures: every upstream once per test process, and one gateway in front of all of them.

A test package takes them with `from tests.support.upstreams.fixtures import *` in its `conftest.py`. The gateway's
providers are called `<upstream>-<protocol>`: `scripted-chat/story:hello`, `faulty-gemini/fault:half-open`,
`replay-anthropic/golden:<story>-<step>`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import goldens
from tests.support.server import Gateway, running_gateway, settings
from tests.support.upstreams.faulty import FaultyUpstream
from tests.support.upstreams.protocols import PROTOCOLS, provider
from tests.support.upstreams.replay import CHOOSE_MODEL, RECORDED, ReplayUpstream
from tests.support.upstreams.scripted import ScriptedUpstream

__all__ = ["faulty_upstream", "gateway", "replay_upstream", "scripted_upstream"]


@pytest.fixture(scope="session")
def scripted_upstream() -> Iterator[ScriptedUpstream]:
    """Plays stories."""
    with ScriptedUpstream() as upstream:
        yield upstream


@pytest.fixture(scope="session")
def faulty_upstream() -> Iterator[FaultyUpstream]:
    """Shows faults."""
    with FaultyUpstream() as upstream:
        yield upstream


@pytest.fixture(scope="session")
def replay_upstream() -> Iterator[ReplayUpstream]:
    """Answers with recordings (with none, where the folder of recordings is absent)."""
    with ReplayUpstream(golden for name in RECORDED for golden in goldens.load(name)) as upstream:
        yield upstream


@pytest.fixture(scope="session")
def gateway(
    scripted_upstream: ScriptedUpstream, faulty_upstream: FaultyUpstream, replay_upstream: ReplayUpstream
) -> Iterator[Gateway]:
    """One gateway in front of all three."""
    offered = {
        "scripted": (scripted_upstream.url, dict.fromkeys(PROTOCOLS, scripted_upstream.models)),
        "faulty": (faulty_upstream.url, dict.fromkeys(PROTOCOLS, faulty_upstream.models)),
        "replay": (
            replay_upstream.url,
            {protocol: [CHOOSE_MODEL + name for name in replay_upstream.names(protocol)] for protocol in PROTOCOLS},
        ),
    }
    found = {
        f"{name}-{protocol}": provider(protocol, url, models[protocol], discover=False)
        for name, (url, models) in offered.items()
        for protocol in PROTOCOLS
        if models[protocol]
    }
    with running_gateway(settings(found)) as running:
        yield running
