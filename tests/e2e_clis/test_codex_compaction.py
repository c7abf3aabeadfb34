"""Codex, set up as if the vendor were OpenAI, leaves compaction to it; here another vendor's model must do."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e_clis.clis import CODEX, Place
from tests.support.node_packages import NotInstalled, installed
from tests.support.server import running_gateway, settings
from tests.support.upstreams.protocols import Ask, Protocol, providers
from tests.support.upstreams.scripted import ScriptedUpstream
from tests.support.upstreams.stories import Call, Heard, Say, Stamp, Tokens, Turn

pytestmark = pytest.mark.node

NOTE = "The lobster counts 4711 pebbles."
SUMMARY = "The note was read; it counts 4711 pebbles."
_SETTINGS = """
model = "{model}"
openai_base_url = "{url}/v1"
model_auto_compact_token_limit = 20000
check_for_update_on_startup = false

[analytics]
enabled = false
"""


class ForgetfulUpstream(ScriptedUpstream):
    """Its story goes on by what it is told: a conversation, the wish for a summary, or a summary."""

    def _hear(self, ask: Ask, stamp: Stamp) -> Heard:
        told = json.dumps(ask.body)
        stage = 2 if SUMMARY in told else 1 if "Write a summary of this conversation" in told else 0
        return replace(super()._hear(ask, stamp), rounds=stage)


def _set_up(place: Place, model: str) -> dict[str, str]:
    folder = place.home / ".codex"
    folder.mkdir(exist_ok=True)
    (folder / "config.toml").write_text(_SETTINGS.format(model=model, url=place.url))
    (folder / "auth.json").write_text(json.dumps({"OPENAI_API_KEY": place.token, "auth_mode": "apikey"}))
    return {"OPENAI_API_KEY": place.token}


@pytest.fixture(scope="module")
def packages() -> Iterator[Path]:
    """Codex as it is installed."""
    try:
        yield installed(Path(__file__).with_name("node"), 420)
    except NotInstalled as problem:
        pytest.skip(str(problem))


@pytest.mark.parametrize("protocol", ["chat", "anthropic", "gemini"])
def test_a_conversation_that_grew_too_long_goes_on_with_its_summary(
    packages: Path, tmp_path: Path, protocol: Protocol
) -> None:
    home, folder = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    folder.mkdir()
    note = folder / "note.txt"
    note.write_text(NOTE)
    cli = replace(CODEX, set_up=_set_up)
    name, arguments = cli.tool(note)
    story = (
        Turn((Say("I will look."), Call(name, arguments)), "tools", Tokens(160_000, 90)),
        Turn((Say(SUMMARY),), tokens=Tokens(160_100, 30)),
        Turn((Say("It says 4711."),), tokens=Tokens(300, 30)),
    )
    with (
        ForgetfulUpstream({"long": story}) as upstream,
        running_gateway(settings(providers(upstream.url, upstream.models, discover=False))) as gateway,
    ):
        place = Place(gateway.base_url, gateway.token, home, folder)
        try:
            cli.version(packages, place)
        except (OSError, subprocess.SubprocessError) as problem:
            pytest.skip(f"Codex does not start here: {problem}")
        answer = cli.run(packages, place, f"{protocol}/story:long", "What does note.txt say?")
        assert answer.text == "It says 4711."
        read, asked, gone_on = [entry.body.decode() for entry in upstream.journal]
        assert NOTE not in read and NOTE in asked
        assert SUMMARY in gone_on and NOTE not in gone_on
