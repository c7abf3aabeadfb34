"""The models that a configuration names, with their prices."""

from __future__ import annotations

from crawdad.core.prices import Price
from crawdad.core.settings import Settings
from crawdad.services.catalogue.offers import Provider, configured_offer
from crawdad.services.prices.book import PriceBook
from crawdad.services.turns.sources import endpoint
from crawdad.services.upstreams import providers_of
from crawdad.wire.model_lists import LIST_PATHS


def priced_models(settings: Settings) -> list[tuple[str, Price | None]]:
    """`provider/model` and price of each; None where nobody knows it. Of a provider whose own list tells prices only the source
    is known as long as nobody asks for that list."""
    book = PriceBook(lambda: settings)
    return [
        (offer.name, book.price_of(offer) or _listed(provider))
        for provider, configured in providers_of(settings, lambda url: None, {})
        for offer in (configured_offer(provider, model) for model in (configured.models if configured else ()))
    ]


def _listed(provider: Provider) -> Price | None:
    if not provider.profile.lists_prices:
        return None
    return Price(source=endpoint(provider.base_url, LIST_PATHS[provider.protocol]))
