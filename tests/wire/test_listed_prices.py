"""Prices in providers' own lists of models, as OpenRouter documents them."""

from __future__ import annotations

from typing import Any

import pytest

from crawdad.core.prices import Price, Tier
from crawdad.wire.listed_prices import read_listed_price
from crawdad.wire.model_lists import read_model_list

SOURCE = "https://openrouter.ai/api/v1/models"


def read(pricing: Any) -> Price | None:
    return read_listed_price({"id": "x", "pricing": pricing}, SOURCE)


def test_dollars_for_a_token_become_dollars_for_a_million() -> None:
    told = {
        "prompt": "0.00000125",
        "completion": "0.00001",
        "request": "0",
        "image": "0.00516",
        "web_search": "0.01",
        "internal_reasoning": "0",
        "input_cache_read": "0.00000031",
        "input_cache_write": "0.000001625",
        "audio": "0.000001",
    }
    assert read(told) == Price(
        input=1.25, output=10, cache_read=0.31, cache_write=1.625, audio_input=1, web_search=0.01, source=SOURCE
    )


def test_what_is_free_is_known_to_be() -> None:
    price = read({"prompt": "0", "completion": "0", "audio": "0", "input_cache_read": "0"})
    assert price is not None and price.known and (price.input, price.output) == (0, 0)


def test_nought_for_a_part_of_the_prompt_does_not_make_it_free() -> None:
    price = read({"prompt": "0.000001", "completion": "0.000002", "audio": "0", "input_cache_read": "0"})
    assert price == Price(input=1, output=2, source=SOURCE)


def test_long_prompts_cost_from_their_first_token_on() -> None:
    told = {"min_prompt_tokens": 200_001, "prompt": "0.0000025", "completion": "0.000015"}
    at_night = {"utc_start": "16:30", "utc_end": "00:30", "min_prompt_tokens": 1, "prompt": "0"}
    price = read({"prompt": "0.00000125", "completion": "0.00001", "overrides": [at_night, told, 5, {"prompt": "1"}]})
    assert price is not None and price.tiers == (Tier(200_000, input=2.5, output=15),)
    assert price.effective(200_000, 0.0).input == 1.25 and price.effective(200_001, 0.0).input == 2.5


@pytest.mark.parametrize(
    "pricing",
    [
        None,
        "free",
        [],
        {},
        {"prompt": "0.1"},
        {"completion": "0.1"},
        {"prompt": "-1", "completion": "-1"},
        {"prompt": "nan", "completion": "0"},
        {"prompt": "inf", "completion": "0"},
        {"prompt": "1e400", "completion": "0"},
        {"prompt": True, "completion": True},
        {"prompt": {"usd": 1}, "completion": []},
        {"prompt": 10**400, "completion": 0},
        {"prompt": "3", "completion": "15"},
    ],
)
def test_what_is_no_price_is_unknown(pricing: Any) -> None:
    assert read(pricing) is None


def test_a_list_is_read_for_prices_only_where_it_tells_them() -> None:
    document = {"data": [{"id": "a", "pricing": {"prompt": "0.000001", "completion": "0.000002"}}, {"id": "b"}]}
    assert [model.price for model in read_model_list("openai-chat", document)] == [None, None]
    first, second = read_model_list("openai-chat", document, SOURCE)
    assert first.price is not None and first.price.output == 2 and first.price.source == SOURCE
    assert second.price is None
