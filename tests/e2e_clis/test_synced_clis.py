"""The tools as `crawdad sync` sets them up: a home with nothing in it but what was written there, and no variable that helps."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e_clis.clis import CLAUDE, CODEX, GEMINI, Cli, Place
from tests.support.node_packages import NotInstalled, installed
from tests.support.server import SOURCE, Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.node

PROMPT = "Say hello"
QUIET = {
    "claude": {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1"},
    "codex": {},
    "gemini": {"GEMINI_CLI_TRUST_WORKSPACE": "true", "GEMINI_CLI_NO_RELAUNCH": "true"},
}
"""What keeps a tool from asking and from calling its vendor; nothing of it says where its models are."""

MOVED: dict[str, str] = {"claude": "CLAUDE_CONFIG_DIR", "codex": "CODEX_HOME", "gemini": "GEMINI_CLI_HOME"}
"""The variable that makes a tool keep its files in another folder."""


@pytest.fixture(scope="module")
def packages() -> Path:
    try:
        return installed(Path(__file__).with_name("node"), 420)
    except NotInstalled as problem:
        pytest.skip(str(problem))


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    rules = [{"match": "gemini-*", "targets": [{"model": "crawdad/demo"}]}]
    with running_gateway(settings({}, models={"rules": rules})) as found:
        yield found


@pytest.mark.parametrize("moved", [False, True], ids=["at-home", "moved"])
@pytest.mark.parametrize("cli", [CLAUDE, CODEX, GEMINI], ids=lambda cli: cli.name)
def test_a_synced_tool_works_and_a_restored_home_is_empty(
    cli: Cli, moved: bool, packages: Path, gateway: Gateway, tmp_path: Path
) -> None:
    home, folder = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    folder.mkdir()
    place = Place(gateway.base_url, "", home, folder)
    try:
        cli.version(packages, place)
    except (OSError, subprocess.SubprocessError) as problem:
        if os.environ.get("CRAWDAD_REQUIRE_SERVICES") == "1":
            raise
        pytest.skip(f"{cli.name} does not start here: {problem}")
    left = {each.relative_to(home) for each in home.rglob("*") if each.is_file()}
    variables = {MOVED[cli.name]: str(tmp_path / "elsewhere")} if moved else {}
    _sync(gateway, home, variables, cli.name, "--model", "crawdad/demo", "--url", gateway.base_url)
    synced = Cli(
        cli.name,
        cli.entry,
        lambda place, model: QUIET[cli.name] | variables,
        lambda model, prompt: [word for word in cli.arguments(model, prompt) if word not in ("--model", "-m", model)],
        cli.read,
        cli.tool,
        cli.protocol,
    )
    answer = synced.run(packages, place, "crawdad/demo", PROMPT)
    assert answer.text.startswith("[Crawdad demo] You said: “Say hello”.")
    _sync(gateway, home, variables, cli.name, "--restore")
    ours = [each for each in tmp_path.rglob("*crawdad*") if each.is_file()]
    assert ours == []
    for path in set(tmp_path.rglob("*")) - {home / each for each in left}:
        if path.is_file() and path.suffix in (".json", ".toml", "") and path.stat().st_size < 1_000_000:
            text = path.read_text(errors="replace")
            assert "ANTHROPIC_API_KEY" not in text and "GEMINI_API_KEY" not in text and "model_providers" not in text, (
                path
            )


def _sync(gateway: Gateway, home: Path, variables: dict[str, str], *words: str) -> dict[str, object]:
    command = [sys.executable, "-m", "crawdad.app", "sync", *words, "--json"]
    own = {"HOME": str(home), "CRAWDAD_HOME": str(gateway.home), "PYTHONPATH": str(SOURCE)}
    environment = {**os.environ, **dict.fromkeys(MOVED.values(), ""), **own, **variables}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found
