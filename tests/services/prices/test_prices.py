"""Prices: whose they are, by which names, and what a turn costs by them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from crawdad.core.prices import Peak, Price, Tier, cost_of
from crawdad.core.settings import ModelSettings, Settings
from crawdad.core.usage import Usage
from crawdad.services.catalogue import Offer, Provider
from crawdad.services.catalogue.offers import configured_offer
from crawdad.services.prices import PriceBook, published_prices
from crawdad.services.prices.configured import priced_models
from crawdad.wire.profiles import vendor_profile

OPENAI = "https://api.openai.com/v1"


def offer(model: str, base_url: str = OPENAI, provider: str = "mine", profile: str | None = None, **own: Any) -> Offer:
    quirks = vendor_profile("openai-chat", base_url, profile)
    made = Provider(provider, base_url, "openai-chat", {}, profile=quirks)
    return configured_offer(made, ModelSettings.model_validate({"id": model, **own}))


def book(**prices: Any) -> PriceBook:
    settings = Settings.model_validate({"models": {"prices": prices}})
    return PriceBook(lambda: settings)


@pytest.mark.parametrize(
    ("found", "price"),
    [
        (offer("gpt-5.2"), (1.75, 14.0)),
        (offer("gpt-5.2-2025-12-11"), (1.75, 14.0)),
        (offer("GPT-5.2"), (1.75, 14.0)),
        (offer("gpt-5.2", "http://127.0.0.1:1/v1", profile="openai"), (1.75, 14.0)),
        (offer("gpt-5.2", "http://127.0.0.1:1/v1", provider="openai"), (1.75, 14.0)),
        (offer("claude-opus-4-5-20251101", "https://api.anthropic.com"), (5.0, 25.0)),
        (offer("claude-sonnet-5-5", "https://api.anthropic.com"), (2.0, 10.0)),
        (offer("glm-4.6", "https://api.z.ai/api/paas/v4"), (0.6, 2.2)),
    ],
)
def test_a_vendors_models_have_its_prices(found: Offer, price: tuple[float, float]) -> None:
    known = book().price_of(found)
    assert known is not None and (known.input, known.output) == price
    assert known.source.startswith("https://") and known.date


@pytest.mark.parametrize(
    "found",
    [
        offer("gpt-none-such"),
        offer("gpt-5.2", "https://relay.example.com/v1", provider="relay"),
        offer("claude-opus-4-6"),
        offer("gpt-5.2", "https://api.openai.com.example.com/v1", provider="x"),
        offer(""" """ + "x"),
    ],
)
def test_what_nobody_knows_is_unknown(found: Offer) -> None:
    assert book().price_of(found) is None


def test_the_configuration_goes_first() -> None:
    prices = {"mine/gpt-*": {"input": 7}, "mine/gpt-5.2": {"input": 8, "output": 9}, "*": {"input": 1}}
    made = book(**prices)
    assert made.price_of(offer("gpt-5.2")) == Price(input=8.0, output=9.0, source="openclaw.json")
    assert getattr(made.price_of(offer("gpt-x")), "input", None) == 7
    assert getattr(made.price_of(offer("other")), "input", None) == 1
    own = offer("gpt-5.2", cost={"input": 0, "output": 0})
    assert made.price_of(own) == Price(input=0.0, output=0.0, source="openclaw.json"), "zero is free, and known"


def test_changed_prices_count_at_once() -> None:
    settings = Settings()
    made = PriceBook(lambda: settings)
    assert made.price_of(offer("x")) is None
    settings = Settings.model_validate({"models": {"prices": {"x": {"input": 3}}}})
    assert made.price_of(offer("x")) is not None


def test_what_runs_inside_costs_nothing() -> None:
    assert (
        cost_of(
            Usage(input_tokens=5),
            book().price_of(Offer(Provider("crawdad", "", "demo", {}, local=True), "demo", "demo")),
        )
        == 0
    )


@pytest.mark.parametrize(
    "bad", [{"input": -1}, {"input": float("nan")}, {"output": float("inf")}, {"tiers": [{"above": 0}]}]
)
def test_prices_that_are_none_are_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        book(x=bad)


PRICE = Price(
    input=2.0, output=10.0, cache_read=0.2, cache_write=2.5, cache_write_1h=4.0, audio_input=30.0, web_search=0.01
)


@pytest.mark.parametrize(
    ("usage", "dollars"),
    [
        (Usage(input_tokens=1_000_000, output_tokens=100_000), 3.0),
        (Usage(input_tokens=1_000_000, output_tokens=0, cache_read_tokens=900_000), 0.2 + 0.18),
        (
            Usage(input_tokens=1_000_000, output_tokens=0, cache_write_tokens=500_000, cache_write_1h_tokens=100_000),
            1.0 + 1.0 + 0.4,
        ),
        (Usage(input_tokens=100, output_tokens=0, audio_input_tokens=50), (50 * 2 + 50 * 30) / 1e6),
        (Usage(input_tokens=0, output_tokens=0, web_searches=3), 0.03),
        (Usage(input_tokens=10, output_tokens=0, cache_read_tokens=99, audio_input_tokens=99), 99 * 0.2 / 1e6),
    ],
)
def test_a_turn_costs_what_it_used(usage: Usage, dollars: float) -> None:
    assert cost_of(usage, PRICE) == pytest.approx(dollars)


def test_other_measures() -> None:
    assert cost_of(Usage(pictures=3), Price(picture=0.04)) == pytest.approx(0.12)
    assert cost_of(Usage(audio_seconds=90), Price(minute=0.006)) == pytest.approx(0.009)
    assert cost_of(Usage(characters=1000), Price(characters=15)) == pytest.approx(0.015)
    assert cost_of(Usage(input_tokens=5, output_tokens=5), Price(input=1, request=0.01)) == pytest.approx(0.010005)


def test_unknown_is_not_zero() -> None:
    assert cost_of(Usage(input_tokens=5, output_tokens=5), None) is None
    assert cost_of(Usage(input_tokens=5, output_tokens=5), Price()) is None
    assert cost_of(Usage(), Price(input=1.0)) is None
    assert cost_of(Usage(pictures=3), Price(minute=1.0)) is None


def test_long_prompts_peak_hours_and_service_classes() -> None:
    night = Price(input=1.0, output=1.0)
    price = Price(
        input=2.0,
        output=4.0,
        tiers=(Tier(200_000, input=4.0),),
        peaks=(Peak(23 * 3600, 2 * 3600, night),),
        service_tiers={"flex": Price(input=0.5, output=0.5)},
    )
    noon = datetime(2026, 11, 29, 12, tzinfo=UTC).timestamp()
    assert price.effective(200_000, noon).input == 2.0
    assert price.effective(200_001, noon) == Price(
        input=4.0, output=4.0, tiers=price.tiers, peaks=price.peaks, service_tiers=price.service_tiers
    )
    assert price.effective(5, noon + 11.5 * 3600).input == price.effective(5, noon - 11 * 3600).input == 1.0
    assert price.effective(300_000, noon, "flex").input == 0.5
    assert price.effective(5, noon, "priority").input == 2.0


def test_the_published_table_is_sound() -> None:
    """Every entry has a source and a date, no price is negative or absurd, and no name stands twice at a vendor."""
    seen: set[tuple[str, str]] = set()
    entries = list(published_prices())
    assert len(entries) > 400 and {"openai", "anthropic", "google", "deepseek"} <= {entry.vendor for entry in entries}
    for entry in entries:
        price = entry.price
        assert re.fullmatch(r"https://[\w.-]+/\S*", price.source), entry
        assert re.fullmatch(r"20\d\d-\d\d(-\d\d)?", price.date), entry
        assert price.known or price.audio_input is not None, entry
        for rate in (
            price.input,
            price.output,
            price.cache_read,
            price.cache_write,
            price.audio_input,
            price.image_output,
        ):
            assert rate is None or 0 <= rate <= 1000, entry
        if price.cache_read is not None and price.input is not None:
            assert price.cache_read <= max(price.input, 0.0001) * 1.01, entry
        assert list(price.tiers) == sorted(price.tiers, key=lambda tier: tier.above)
        for name in entry.names:
            assert name and (entry.vendor, name.lower()) not in seen, entry
            seen.add((entry.vendor, name.lower()))


def test_the_providers_own_list_goes_before_what_vendors_publish_and_behind_the_configuration() -> None:
    listed = replace(offer("gpt-5.2"), price=Price(input=1.0, output=2.0))
    assert book().price_of(listed) == Price(input=1.0, output=2.0)
    assert getattr(book(**{"gpt-5.2": {"input": 7}}).price_of(listed), "input", None) == 7
    own = replace(offer("gpt-5.2", cost={"input": 9}), price=Price(input=1.0, output=2.0))
    assert getattr(book().price_of(own), "input", None) == 9


def test_of_a_provider_whose_list_tells_prices_the_source_is_known_beforehand() -> None:
    providers = {"openrouter": {"baseUrl": "https://openrouter.ai/api/v1", "models": [{"id": "maker/model"}]}}
    found = dict(priced_models(Settings.model_validate({"models": {"providers": providers}})))
    price = found["openrouter/maker/model"]
    assert price is not None and not price.known and price.source == "https://openrouter.ai/api/v1/models"
