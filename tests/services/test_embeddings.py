"""Embeddings: what they took where the provider does not say it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from types import SimpleNamespace
from typing import Any, cast

import orjson
import pytest

from crawdad.core.agent_settings import AgentsSettings
from crawdad.core.exchange import Exchange
from crawdad.core.identity import EVERYTHING, Principal
from crawdad.core.ports import UpstreamAnswer, UpstreamCall
from crawdad.services.catalogue import Offer, Provider
from crawdad.services.operations.embeddings import Embeddings
from crawdad.services.turns.dispatch import Dispatcher
from crawdad.services.turns.front import ModelFront
from crawdad.services.turns.passport import Ledger
from crawdad.services.turns.turn import Turn
from crawdad.wire import codecs
from tests.services.test_retry import SETTINGS, Unlimited
from tests.support.fakes import FakeClock, FakeJournal, FakeRandomness


class Answer:
    """An answer that is JSON."""

    status = 200
    url = "http://upstream"

    def __init__(self, body: Any) -> None:
        self.headers: Mapping[str, str] = {"content-type": "application/json"}
        self._body = orjson.dumps(body)

    async def chunks(self) -> AsyncIterator[bytes]:
        yield self._body

    async def read(self, limit: int) -> bytes:
        return self._body

    async def close(self) -> None:
        pass


class Upstream:
    """A transport that always answers the same."""

    def __init__(self, body: Any) -> None:
        self._body = body

    async def send(self, call: UpstreamCall) -> UpstreamAnswer:
        return Answer(self._body)


async def embedded(client: str, upstream: str, answer: Any) -> Exchange:
    """What is logged of an embedding of eighty characters."""
    clock = FakeClock()
    ledger = Ledger(clock, FakeJournal(), lambda _: None, lambda _: None)
    offer = Offer(Provider("vendor", "http://upstream/v1", upstream, {}), "m", upstream, kind="embedding")
    dispatcher = Dispatcher(ledger, Unlimited(), clock, FakeRandomness(), lambda: SETTINGS)
    front: Any = SimpleNamespace(
        transport=Upstream(answer), ledger=ledger, dispatcher=dispatcher, offers=lambda turn: (offer,)
    )
    exchange = Exchange("ex1", 0.0, "test", client, "embeddings")
    text = "word" * 20
    body = {"model": "m", "input": text} if client == "openai-chat" else {"content": {"parts": [{"text": text}]}}
    caller = Principal("key_1", "api_key", "caller", EVERYTHING)
    turn = Turn(exchange, caller, codecs.get(client), "m", False, body, orjson.dumps(body), clock.now)
    embeddings = Embeddings(cast(ModelFront, front), AgentsSettings)
    await (embeddings.openai(turn) if client == "openai-chat" else embeddings.gemini(turn, batch=False))
    return exchange


_GOOGLE = {"embeddings": [{"values": [0.5]}], "embedding": {"values": [0.5]}}
_OPENAI = {"object": "list", "model": "m", "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}]}


@pytest.mark.parametrize(
    ("client", "upstream", "answer"),
    [
        ("openai-chat", "gemini", _GOOGLE),
        ("gemini", "gemini", _GOOGLE),
        ("gemini", "openai-chat", _OPENAI),
        ("openai-chat", "openai-chat", _OPENAI),
    ],
)
async def test_what_the_provider_does_not_count_is_estimated(client: str, upstream: str, answer: Any) -> None:
    """Google counts no tokens of embeddings: they would cost nothing."""
    exchange = await embedded(client, upstream, answer)
    assert exchange.outcome == "completed"
    assert exchange.notes == ["usage estimated"] and 20 <= (exchange.usage.input_tokens or 0) < 40


async def test_what_the_provider_counts_is_believed() -> None:
    exchange = await embedded("openai-chat", "openai-chat", {**_OPENAI, "usage": {"prompt_tokens": 7}})
    assert (exchange.notes, exchange.usage.input_tokens) == ([], 7)
    exchange = await embedded("gemini", "gemini", {**_GOOGLE, "usageMetadata": {"promptTokenCount": 9}})
    assert (exchange.notes, exchange.usage.input_tokens) == ([], 9)
