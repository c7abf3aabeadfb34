"""What a request will take: bounded, never negative, and quick whatever it is made of (attack 38)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from crawdad.core.exchange import Exchange
from crawdad.core.identity import Principal
from crawdad.core.prices import Price
from crawdad.services.budgets.estimates import estimate, span
from crawdad.services.estimate import MOST_TOKENS, estimate_body
from crawdad.services.turns.turn import Turn
from crawdad.wire import codecs


def turn(body: dict[str, Any], operation: str = "chat") -> Turn:
    exchange = Exchange("id", 0.0, "openai", "openai-chat", operation)
    return Turn(exchange, Principal("x", "api_key"), codecs.get("openai-chat"), "m", False, body, b"", lambda: 0.0)


def most(body: dict[str, Any], operation: str = "chat", model_output: int = 0) -> int:
    found = estimate(turn(body, operation), model_output, 4096)
    assert 0 <= found.least.total_tokens <= found.most.total_tokens
    return found.most.output_tokens or 0


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, 4096),
        ({"max_tokens": 100}, 100),
        ({"max_completion_tokens": 7, "max_tokens": 100}, 100),
        ({"max_output_tokens": 12}, 12),
        ({"generationConfig": {"maxOutputTokens": 9, "candidateCount": 3}}, 27),
        ({"generation_config": {"max_output_tokens": 9, "candidate_count": 3}}, 27),
        ({"max_tokens": 10, "n": 4}, 40),
        ({"max_tokens": 10, "n": 10**9}, 1280),
        ({"max_tokens": 10**30}, MOST_TOKENS),
        ({"max_tokens": 1e308}, MOST_TOKENS),
        ({"max_tokens": "100"}, 100),
    ],
)
def test_output_is_what_was_asked_for(body: dict[str, Any], expected: int) -> None:
    assert most(body) == expected


@pytest.mark.parametrize("asked", [-1, 0, float("inf"), float("nan"), "x", "9" * 5000, "²", None, True, [], {"a": 1}])
def test_nonsense_is_no_limit(asked: Any) -> None:
    assert most({"max_tokens": asked, "n": asked}) == 4096
    assert most({"generationConfig": asked}) == 4096


def test_a_model_that_can_say_little_reserves_little() -> None:
    assert most({}, model_output=500) == 500
    assert most({}, model_output=64_000) == 4096


def test_other_operations() -> None:
    assert most({"input": "x" * 4000}, "embeddings") == 0
    assert most({"max_tokens": 99}, "count_tokens") == 0
    assert most({"prompt": "a dot", "n": 2}, "images") == 2 * 6240
    assert most({"input": "hello"}, "speech") > 0


def chat(content: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": content}]}


def test_input_is_near_what_vendors_count() -> None:
    words = "The quick brown fox jumps over the lazy dog. " * 100  # about 1,000 tokens
    assert 900 < estimate_body(chat(words)) < 1400
    assert 900 < estimate_body(chat("天地玄黄宇宙洪荒" * 200)) < 1700
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 1_000_000}}
    assert 1000 < estimate_body(chat([picture])) < 2500
    source = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "A" * 1_000_000}}
    assert 1000 < estimate_body(chat([source])) < 2500
    inline = {"contents": [{"parts": [{"inlineData": {"mimeType": "image/png", "data": "A" * 1_000_000}}]}]}
    assert 1000 < estimate_body(inline) < 2500
    assert estimate_body(chat([{"type": "text", "data": "x" * 400_000}])) > 50_000, "text elsewhere is no picture"


def nested(depth: int) -> Any:
    value: Any = "x" * 100
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "make",
    [
        lambda: chat("𓀀" * 10_000_000),
        lambda: chat(["𓀀" * 60_000] * 1000),
        lambda: chat("a" * 100_000_000),
        lambda: {"input": list(range(1_000_000))},
        lambda: {"input": [[1]] * 1_000_000},
        lambda: chat(nested(5000)),
        lambda: {str(number): "x" for number in range(1_000_000)},
    ],
    ids=["hieroglyphs", "many texts", "one letter", "numbers", "lists", "nest", "keys"],
)
def test_no_body_takes_long(make: Callable[[], dict[str, Any]]) -> None:
    body = make()  # not before: hundreds of megabytes would stay with every process that collects this test
    began = time.process_time()
    assert 0 < estimate_body(body) <= MOST_TOKENS
    assert time.process_time() - began < 2


def test_money_is_between_the_cheapest_and_the_dearest() -> None:
    cheap, dear = Price(input=1.0, output=2.0, cache_read=0.1), Price(input=10.0, output=50.0, cache_write=12.5)
    found = span(estimate(turn({**chat("x" * 4000), "max_tokens": 1000}), 0, 4096), [cheap, dear, None], 0.0)
    assert found.least.usd == pytest.approx(402 * 0.1 / 1e6, rel=0.05)
    assert found.most.usd == pytest.approx((1005 * 12.5 + 1000 * 50) / 1e6, rel=0.05)
    assert (found.least.requests, found.most.requests) == (1, 1)
