"""One gateway and one of each upstream per test process, and an event loop that lasts as long as they do."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Iterator
from typing import Any

import pytest

from crawdad.wire.openai_chat import profile_for
from tests.e2e.modes import MODES, Mode
from tests.e2e.openai_clients import OpenAIClients
from tests.e2e.sources import OTHER_MODELS, Source, recorded_vendor
from tests.support.server import Gateway, running_gateway, settings
from tests.support.upstreams.fixtures import replay_upstream, scripted_upstream
from tests.support.upstreams.protocols import PROTOCOLS, Protocol, provider
from tests.support.upstreams.replay import RECORDED, ReplayUpstream
from tests.support.upstreams.scripted import PREFIX, ScriptedUpstream

__all__ = ["replay_upstream", "scripted_upstream"]

_CODEC_OF = {
    "chat": "openai_chat",
    "responses": "openai_responses",
    "anthropic": "anthropic",
    "gemini": "gemini",
    "ollama": "ollama",
}


def _param(protocol: Protocol) -> Any:
    missing = importlib.util.find_spec(f"crawdad.wire.{_CODEC_OF[protocol]}") is None
    return pytest.param(protocol, marks=pytest.mark.skipif(missing, reason="there is no such codec yet"))


@pytest.fixture(params=[_param(protocol) for protocol in PROTOCOLS])
def source(request: pytest.FixtureRequest, scripted_upstream: ScriptedUpstream) -> Source:
    """The scripted models, in each protocol that an upstream can speak."""
    return Source(request.param, scripted_upstream)


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> Mode:
    """How the SDK is used."""
    chosen: Mode = request.param
    return chosen


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.Runner]:
    """An event loop for the async clients, which are made once and used by many tests."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="session")
def gateway(scripted_upstream: ScriptedUpstream, replay_upstream: ReplayUpstream) -> Iterator[Gateway]:
    """A gateway in front of the scripted models, in each protocol, and of every vendor that was recorded."""
    found = _scripted(scripted_upstream) | _recorded(replay_upstream)
    # The pictures that requests point to are on this machine, too.
    with running_gateway(settings(found, gateway={"privateNetworks": True})) as running:
        yield running


def _scripted(upstream: ScriptedUpstream) -> dict[str, Any]:
    models = [*upstream.models, *OTHER_MODELS]
    found = {f"scripted-{protocol}": provider(protocol, upstream.url, models, discover=False) for protocol in PROTOCOLS}
    found["scripted-chat"]["profile"] = "openai"
    painter = next(model for model in found["scripted-gemini"]["models"] if model["id"] == PREFIX + "painter")
    painter["endpoints"] = ["images"]
    # Chat completions have no thinking of their own; this is the vendor whose form of it the scripted models speak.
    found["scripted-openrouter"] = {**found["scripted-chat"], "profile": "openrouter"}
    return found


def _recorded(upstream: ReplayUpstream) -> dict[str, Any]:
    """One provider for each vendor. Without a list of models, whatever is asked for is passed on."""
    return {
        recorded_vendor(golden): provider(
            RECORDED[golden.protocol], upstream.url, [], discover=False, profile=profile_for(golden.host).name
        )
        for golden in upstream.goldens
    }


@pytest.fixture(scope="session")
def openai(gateway: Gateway, loop: asyncio.Runner) -> Iterator[OpenAIClients]:
    """OpenAI's SDK in front of the gateway."""
    clients = OpenAIClients(gateway, loop)
    yield clients
    clients.close()
