"""Pictures: what several calls for one request took together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from types import SimpleNamespace
from typing import Any, cast

import orjson

from crawdad.core.exchange import Exchange
from crawdad.core.identity import EVERYTHING, Principal
from crawdad.core.ports import UpstreamAnswer, UpstreamCall
from crawdad.services.catalogue import Offer, Provider
from crawdad.services.operations.images import Images
from crawdad.services.turns.dispatch import Dispatcher
from crawdad.services.turns.front import ModelFront
from crawdad.services.turns.passport import Ledger
from crawdad.services.turns.turn import Turn
from crawdad.wire import codecs
from tests.services.test_retry import SETTINGS, Unlimited
from tests.support.fakes import FakeClock, FakeJournal, FakeRandomness

_DRAWN = {
    "candidates": [
        {"content": {"parts": [{"inlineData": {"mimeType": "image/png", "data": "AA=="}}]}, "finishReason": "STOP"}
    ],
    "usageMetadata": {
        "promptTokenCount": 10,
        "candidatesTokenCount": 1300,
        "totalTokenCount": 1310,
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1290}],
    },
}


class Answer:
    """A drawn picture."""

    status = 200
    url = "http://upstream"
    headers: Mapping[str, str] = {"content-type": "application/json"}

    async def chunks(self) -> AsyncIterator[bytes]:
        yield orjson.dumps(_DRAWN)

    async def read(self, limit: int) -> bytes:
        return orjson.dumps(_DRAWN)

    async def close(self) -> None:
        pass


class Upstream:
    """A transport whose every call draws."""

    async def send(self, call: UpstreamCall) -> UpstreamAnswer:
        return Answer()


async def test_what_was_drawn_is_counted_as_drawn() -> None:
    """Tokens of pictures cost a multiple of those of text: counted as text, a budget would not notice them."""
    clock = FakeClock()
    ledger = Ledger(clock, FakeJournal(), lambda _: None, lambda _: None)
    provider = Provider("vendor", "http://upstream/v1beta", "gemini", {})
    offer = Offer(provider, "painter", "gemini", kind="image")
    dispatcher = Dispatcher(ledger, Unlimited(), clock, FakeRandomness(), lambda: SETTINGS)
    front: Any = SimpleNamespace(
        transport=Upstream(), ledger=ledger, dispatcher=dispatcher, offers=lambda turn: (offer,)
    )
    exchange = Exchange("ex1", 0.0, "openai", "openai-chat", "images")
    body = {"model": "painter", "prompt": "a dot", "n": 3}
    caller = Principal("key_1", "api_key", "caller", EVERYTHING)
    turn = Turn(exchange, caller, codecs.get("openai-chat"), "painter", False, body, b"{}", clock.now)
    await Images(cast(ModelFront, front)).generate(turn)
    usage = exchange.usage
    assert (usage.input_tokens, usage.output_tokens, usage.image_output_tokens) == (30, 3900, 3870)
    assert usage.pictures == 3
