"""One upstream protocol behind the gateway: how its models are called there, and what has reached it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crawdad.wire.openai_chat import profile_for
from tests.support.goldens import Golden
from tests.support.upstreams.loopback import Received
from tests.support.upstreams.protocols import Protocol, asked
from tests.support.upstreams.replay import RECORDED
from tests.support.upstreams.scripted import PREFIX, ScriptedUpstream
from tests.support.upstreams.speakers import SPEAKERS
from tests.support.upstreams.stories import Heard

OTHER_MODELS = ["text-embedding-3-small", "gpt-image-1", "imagen-4.0", "whisper-1", "tts-1", "davinci-002"]
"""Models that play no story; what each is for, its name tells."""


def recorded_vendor(golden: Golden) -> str:
    """The provider that stands for the vendor of a recording."""
    return f"replay-{RECORDED[golden.protocol]}-{profile_for(golden.host).name}"


@dataclass(frozen=True)
class Source:
    """The scripted upstream as a provider of one protocol."""

    protocol: Protocol
    upstream: ScriptedUpstream

    def model(self, story: str) -> str:
        """The name by which clients of the gateway know the model that plays `story`."""
        return f"scripted-{self.protocol}/{PREFIX}{story}"

    def thinker(self, story: str) -> str:
        """Like `model`, at a vendor that takes thinking back."""
        vendor = "openrouter" if self.protocol == "chat" else self.protocol
        return f"scripted-{vendor}/{PREFIX}{story}"

    def other(self, model: str) -> str:
        """The gateway's name of a model that plays no story."""
        return f"scripted-{self.protocol}/{model}"

    @property
    def picture_url(self) -> str:
        """An address from which a picture can be had."""
        return self.upstream.url + "/dot.png"

    @property
    def last(self) -> Received:
        """The newest request that reached the upstream's models."""
        return next(entry for entry in reversed(list(self.upstream.journal)) if entry.method == "POST")

    @property
    def heard(self) -> Heard:
        """What the newest request told the model."""
        ask = asked(self.last)
        assert ask is not None
        assert ask.protocol == self.protocol
        return SPEAKERS[self.protocol].hear(ask)

    def knob(self, **where: str) -> Any:
        """What the newest request says at the dotted path given for this protocol; None where it says nothing."""
        value: Any = self.last.json
        for name in where[self.protocol].split("."):
            value = value.get(name) if isinstance(value, dict) else None
        return value
