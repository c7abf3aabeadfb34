from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e_openclaw_cli.openclaw_cli import OpenClaw
from tests.support.node_packages import NotInstalled, installed
from tests.support.server import running_gateway, settings
from tests.support.upstreams.protocols import providers
from tests.support.upstreams.scripted import ScriptedUpstream
from tests.support.upstreams.stories import Say, Tokens, Turn

ANSWER = "The shrimp says hello, 你好."
_INSTALL_SECONDS = 600


@pytest.fixture(scope="session")
def openclaw(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenClaw]:
    """OpenClaw's command line and a gateway whose model always says the same."""
    try:
        packages = installed(Path(__file__).with_name("node"), _INSTALL_SECONDS)
    except NotInstalled as problem:
        if os.environ.get("CRAWDAD_REQUIRE_SERVICES") == "1":
            raise
        pytest.skip(str(problem))
    home = tmp_path_factory.mktemp("openclaw-home")
    story = {"m": (Turn((Say(ANSWER),), tokens=Tokens(100, 5)),)}
    with ScriptedUpstream(story) as upstream:
        config = settings(
            providers(upstream.url, upstream.models, discover=False),
            agents={"defaults": {"model": {"primary": "chat/story:m"}}},
            logging={"file": str(home / "gateway.log")},
        )
        with running_gateway(config) as gateway:
            yield OpenClaw(packages, home, gateway)
