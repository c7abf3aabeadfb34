"""Wake words, and texts read aloud by a model."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import httpx
import pytest

from tests.support.control import BACKEND, connected
from tests.support.node_host import node_host
from tests.support.server import Gateway, running_gateway, settings
from tests.support.upstreams.protocols import provider
from tests.support.upstreams.scripted import ScriptedUpstream
from tests.support.upstreams.services import SPEECH
from tests.support.waiting import PATIENCE

USUAL = ["openclaw", "claude", "computer"]


@pytest.fixture(scope="module")
def speaking() -> Iterator[Gateway]:
    with ScriptedUpstream() as upstream:
        providers = {
            "one": provider("chat", upstream.url, ["gpt-4o-mini-tts"]),
            "two": provider("chat", upstream.url, ["tts-1", "story:hello"]),
        }
        with running_gateway(settings(providers)) as gateway:
            yield gateway


def test_wake_words_are_kept_and_told_to_everybody(gateway: Gateway) -> None:
    with (
        connected(gateway, client=BACKEND) as client,
        connected(gateway, ["operator.read"]) as reader,
        node_host(gateway) as node,
    ):
        node.heard.wait(PATIENCE)
        assert client.call("voicewake.get") == {"triggers": USUAL}
        assert node.client.event("voicewake.changed")["payload"] == {"triggers": USUAL}, "as soon as it comes"
        words = {"triggers": ["  crab ", "crab", "", "小螃蟹", "x" * 100]}
        kept = {"triggers": ["crab", "小螃蟹", "x" * 64]}
        node.heard.clear()
        assert client.call("voicewake.set", words) == kept == client.call("voicewake.get")
        assert client.event("voicewake.changed")["payload"] == kept
        assert reader.event("voicewake.changed")["payload"] == kept
        assert node.heard.wait(PATIENCE) and node.client.event("voicewake.changed")["payload"] == kept
        assert "missing scope" in reader.fault("voicewake.set", {"triggers": ["x"]})["message"]
        assert client.call("voicewake.set", {"triggers": []}) == {"triggers": USUAL}
        assert client.call("talk.config") == {"config": {"session": {"mainKey": "main"}}}


def test_what_is_not_offered_is_not_there(gateway: Gateway) -> None:
    with connected(gateway, client=BACKEND) as client:
        for method in ("tts.enable", "talk.mode", "talk.session.create"):
            assert client.fault(method, {})["message"] == f"unknown method: {method}"
        assert client.call("tts.status")["provider"] == ""
        assert "tts" in client.fault("tts.speak", {"text": "Hello"})["message"]


def test_a_text_is_read_aloud(speaking: Gateway) -> None:
    with connected(speaking, client=BACKEND) as client:
        status = client.call("tts.status")
        assert (status["enabled"], status["provider"], status["fallbackProviders"]) == (False, "one", ["two"])
        listed = client.call("tts.providers")
        assert [(each["id"], each["models"]) for each in listed["providers"]] == [
            ("one", ["gpt-4o-mini-tts"]),
            ("two", ["tts-1"]),
        ]
        assert client.call("tts.setProvider", {"provider": "two"}) == {"provider": "two"}
        assert "one, two" in client.fault("tts.setProvider", {"provider": "edge"})["message"]
        spoken = client.call("tts.speak", {"text": "Hello"})
        assert base64.b64decode(spoken["audioBase64"]) == SPEECH
        assert (spoken["provider"], spoken["mimeType"], spoken["fileExtension"]) == ("two", "audio/mpeg", ".mp3")
        kept = client.call("tts.convert", {"text": "Hello", "channel": "telegram"})
        assert kept["provider"] == "two" and kept["outputFormat"] == "mp3"
        assert "4096 characters" in client.fault("tts.speak", {"text": "x" * 5000})["message"]
    with httpx.Client(base_url=speaking.base_url, headers=speaking.headers, timeout=PATIENCE) as http:
        assert http.get(kept["audioPath"]).content == SPEECH
    with connected(speaking, ["operator.read"], client=BACKEND) as reader:
        assert "missing scope" in reader.fault("tts.speak", {"text": "Hello"})["message"]
