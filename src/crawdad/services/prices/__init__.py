"""Prices: those of the configuration, else those that the vendors publish (`prices.json`)."""

from crawdad.services.prices.book import PriceBook, Priced, published_prices

__all__ = ["PriceBook", "Priced", "published_prices"]
