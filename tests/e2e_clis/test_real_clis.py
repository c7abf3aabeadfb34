"""Claude Code, Codex and Gemini CLI as their users install them, through every upstream protocol, tool loops included."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e_clis.clis import CLIS, CODEX_SOCKET, Cli, Place
from tests.e2e_clis.tap import Tap
from tests.support.node_packages import NotInstalled, installed
from tests.support.server import SOURCE, Gateway, running_gateway, settings
from tests.support.upstreams.protocols import PROTOCOLS, Protocol, providers
from tests.support.upstreams.scripted import ScriptedUpstream
from tests.support.upstreams.stories import Call, Say, Think, Tokens, Turn
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.node

SIGNATURE = "GHRjM3iPGLJkIVHtP+11bsrD6c2MHc7cRO6bqWw4RKlL7HoPss1eMOEs3cq68TNveZwktOWRmTqZ6Q3W/w=="
SIGNED: tuple[Protocol, ...] = ("anthropic", "responses", "gemini")
"""The upstream protocols in which reasoning or a call carries a signature that must come back."""
NOTE = "The lobster counts 4711 pebbles, 你好."
_INSTALL_SECONDS = 420


@dataclass(frozen=True)
class Scene:
    """Everything a tool needs: the packages, a gateway behind a tap, a scripted vendor and a note to read."""

    packages: Path
    gateway: Gateway
    tap: Tap
    upstream: ScriptedUpstream
    place: Place


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """One gateway for all tools."""
    try:
        packages = installed(Path(__file__).with_name("node"), _INSTALL_SECONDS)
    except NotInstalled as problem:
        pytest.skip(str(problem))
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("work")
    note = folder / "note.txt"
    note.write_text(NOTE)
    with ScriptedUpstream({cli.name: _story(cli, note) for cli in CLIS}) as upstream:
        config = settings(providers(upstream.url, upstream.models, discover=False))
        with running_gateway(config) as gateway, Tap(gateway.port) as tap:
            yield Scene(packages, gateway, tap, upstream, Place(tap.url, gateway.token, home, folder))


def _story(cli: Cli, note: Path) -> tuple[Turn, ...]:
    name, arguments = cli.tool(note)
    return (
        Turn(
            (Think("A look at the file.", SIGNATURE), Say("I will look."), Call(name, arguments, SIGNATURE)),
            "tools",
            Tokens(16000, 90, cache_read=15000, reasoning=20),
        ),
        Turn((Say("It says: {results}"),), tokens=Tokens(16200, 30, cache_read=15800)),
    )


@pytest.fixture(scope="module", params=CLIS, ids=lambda cli: cli.name)
def cli(request: pytest.FixtureRequest, scene: Scene) -> Cli:
    """Each tool in turn. One that does not start on this machine is skipped; where services are required it fails."""
    found: Cli = request.param
    try:
        found.version(scene.packages, scene.place)
    except (OSError, subprocess.SubprocessError) as problem:
        if os.environ.get("CRAWDAD_REQUIRE_SERVICES") == "1":
            raise
        pytest.skip(f"{found.name} does not start here: {problem}")
    return found


@pytest.fixture(autouse=True)
def nothing_seen(scene: Scene) -> None:
    """Every test looks at its own requests alone."""
    scene.tap.clear()
    scene.upstream.journal.clear()


def test_the_demonstration_model_answers(scene: Scene, cli: Cli) -> None:
    answer = cli.run(scene.packages, scene.place, "crawdad/demo", "Say hello")
    assert answer.text.startswith("[Crawdad demo] You said: “Say hello”.")
    assert _bad_statuses(scene.tap) == []


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_tool_loop_reads_a_file(scene: Scene, cli: Cli, protocol: Protocol) -> None:
    answer = cli.run(scene.packages, scene.place, f"{protocol}/story:{cli.name}", "What does note.txt say?")
    assert answer.text.startswith("It says: ") and NOTE in answer.text
    assert (answer.input_tokens, answer.output_tokens) == (32200, 120)
    assert _bad_statuses(scene.tap) == []
    first, second = scene.upstream.journal
    if protocol in SIGNED:
        assert SIGNATURE not in first.body.decode()
        assert SIGNATURE in second.body.decode()
    if cli is CODEX_SOCKET:
        assert scene.tap.statuses == [101]


def test_every_exchange_was_completed(scene: Scene) -> None:
    """Runs last: the log holds nothing that failed, was cancelled or went without a count."""
    command = [sys.executable, "-m", "crawdad.app", "logs", "--json", "--lines", "500"]
    environment = {**os.environ, "CRAWDAD_HOME": str(scene.gateway.home), "PYTHONPATH": str(SOURCE)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=True)
    exchanges = json.loads(done.stdout)["exchanges"]
    assert [each for each in exchanges if each["outcome"] != "completed" or each["status"] != 200] == []
    models = {each["model_requested"] for each in exchanges}
    assert models <= {"crawdad/demo", *(f"{p}/{model}" for p in PROTOCOLS for model in scene.upstream.models)}


def _bad_statuses(tap: Tap) -> list[tuple[str, int]]:
    """Every request a tool made that was not answered well, whatever it was for."""
    assert tap.requests and len(tap.requests) == len(tap.statuses)
    return [
        (asked, status) for asked, status in zip(tap.requests, tap.statuses, strict=True) if status not in (101, 200)
    ]
