"""The models that a configuration names, with their prices."""

from __future__ import annotations

from crawdad.core.prices import Price
from crawdad.core.settings import Settings
from crawdad.services.catalogue.offers import configured_offer
from crawdad.services.prices.book import PriceBook
from crawdad.services.upstreams import providers_of


def priced_models(settings: Settings) -> list[tuple[str, Price | None]]:
    """`provider/model` and price of each; None where nobody knows it."""
    book = PriceBook(lambda: settings)
    return [
        (offer.name, book.price_of(offer))
        for provider, configured in providers_of(settings, lambda url: None, {})
        for offer in (configured_offer(provider, model) for model in (configured.models if configured else ()))
    ]
